"""From the bytes of a scanner on a line to codes: where one ends, and what surrounds it."""

from __future__ import annotations

import msgspec

from hardware.scanners.base import BadScan, ScanOutcome, outcome_of, visible

_ENDS = b"\r\n"


class FrameSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the scanner puts around a code. Without a `suffix` CR, LF or both end it.

    A scanner that sends no end at all needs `ends_by_pause`; `pause_ms` is how long it is silent then, and after how
    long half a code is given up.
    """

    prefix: str = ""
    suffix: str = ""
    ends_by_pause: bool = False
    pause_ms: int = 300
    max_length: int = 512


class FrameReader:
    def __init__(self, settings: FrameSettings) -> None:
        self._settings = settings
        self._prefix = settings.prefix.encode()
        self._suffix = settings.suffix.encode()
        self._held = b""
        self._heard_ms = 0
        self._too_long = False

    def feed(self, data: bytes, at_ms: int) -> list[ScanOutcome]:
        """Data as it comes, in any pieces; empty when none came."""
        if not data:
            return self._paused(at_ms)
        self._heard_ms = at_ms
        self._held += data
        outcomes = []
        while (frame := self._next_frame()) is not None:
            outcomes += self._read(frame)
        if len(self._held) > self._settings.max_length:
            self._held, self._too_long = b"", True
        return outcomes

    def _next_frame(self) -> bytes | None:
        if self._suffix:
            frame, found, rest = self._held.partition(self._suffix)
        else:
            at = min((self._held.find(end) for end in _ENDS if end in self._held), default=-1)
            frame, found, rest = self._held[:at], self._held[at : at + 1], self._held[at + 1 :]
            found = found if at >= 0 else b""
        if not found:
            return None
        self._held = rest
        return frame

    def _paused(self, at_ms: int) -> list[ScanOutcome]:
        if not (self._held or self._too_long) or at_ms - self._heard_ms < self._settings.pause_ms:
            return []
        frame, self._held = self._held, b""
        if self._settings.ends_by_pause or self._too_long:
            return self._read(frame)
        return [BadScan("cut_short", visible(_text(frame)))]

    def _read(self, frame: bytes) -> list[ScanOutcome]:
        if self._too_long or len(frame) > self._settings.max_length:
            self._too_long = False
            return [BadScan("too_long", visible(_text(frame)))]
        if not self._suffix:
            frame = frame.strip(_ENDS)
        if not frame:
            return []  # the line feed after a carriage return
        if not frame.startswith(self._prefix):
            return [BadScan("wrong_frame", visible(_text(frame)))]
        return [outcome_of(_text(frame[len(self._prefix) :]))]


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
