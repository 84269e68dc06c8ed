"""Tells a scanner that poses as a keyboard from a person who types, by timing alone.

Every key is held back for a moment. Keys in quick succession that end with Enter are a scan and never reach a
field; anything else is handed back, to be typed as if nothing had happened.
"""

from __future__ import annotations

import msgspec

from hardware.scanners.base import BadScan, Scan, ScanOutcome, visible

ENTER = "\r"
TAB = "\t"


class WedgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the shop's scanner is set up.

    `max_gap_ms` lies between the slowest scanner and the fastest typist. A scanner that sends no Enter or Tab
    needs `ends_by_pause`. `prefix` and `suffix` are what it puts around the code; they are taken off.

    `burst_keys` keys or more, `burst_gap_ms` apart at most on average, are no fingers: such a burst may stall for
    `stall_ms`, because the machine or the window system was busy, and is still one scan.
    """

    max_gap_ms: int = 35
    burst_keys: int = 3
    burst_gap_ms: int = 12
    stall_ms: int = 150
    min_length: int = 6
    prefix: str = ""
    suffix: str = ""
    ends_by_pause: bool = False
    group_separators_allowed: bool = False
    max_length: int = 512


class Replay(msgspec.Struct, frozen=True):
    """These keys were typed by a person: deliver them now, in this order, each one once."""

    keys: tuple[str, ...]


class Scanned(msgspec.Struct, frozen=True):
    """These keys were a scan: deliver none of them."""

    outcome: ScanOutcome
    keys: tuple[str, ...]


Decision = Replay | Scanned


class WedgeDecoder:
    """Swallow every key that is fed here; what the answers say to replay is typing.

    A key is the character that it makes, ENTER or TAB. Keys that make none (arrows, function keys, shortcuts)
    and repeats of a key held down are not for `key`: call `interrupt` and deliver them as they are.
    """

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self._settings = settings or WedgeSettings()
        self._held: list[str] = []
        self._first_ms = self._last_ms = 0
        self._cut_short = False

    @property
    def due_ms(self) -> int | None:
        """When to call `tick`, on the clock of the keys; None when nothing is held."""
        return self._last_ms + self._patience_ms() + 1 if self._held else None

    def key(self, key: str, at_ms: int) -> list[Decision]:
        """What to do now that `key` came; an empty answer means wait for more."""
        decisions = self.tick(at_ms)
        if at_ms - self._last_ms > max(self._settings.max_gap_ms, self._settings.stall_ms):
            self._cut_short = False
        if not self._held:
            self._first_ms = at_ms
        self._last_ms = at_ms
        self._held.append(key)
        if key in (ENTER, TAB):
            decisions.append(self._ended())
        elif len(self._held) > self._settings.max_length:
            decisions.append(self._bad("too_long"))
            self._cut_short = True
        return decisions

    def tick(self, now_ms: int) -> list[Decision]:
        """To be called at `due_ms` or soon after."""
        if not self._held or now_ms - self._last_ms <= self._patience_ms():
            return []
        if self._settings.ends_by_pause:
            return [self._ended()]
        return [Replay(self._taken())]

    def _patience_ms(self) -> int:
        """How long the pause after what is held may last."""
        settings, gaps = self._settings, len(self._held) - 1
        if settings.ends_by_pause or gaps + 1 < settings.burst_keys:
            return settings.max_gap_ms
        took_ms = self._last_ms - self._first_ms
        is_burst = took_ms <= settings.burst_gap_ms * gaps
        return max(settings.max_gap_ms, settings.stall_ms) if is_burst else settings.max_gap_ms

    def interrupt(self) -> list[Decision]:
        """Something else happened (another key, a click, another window): nothing held is a scan any more."""
        self._cut_short = False
        return [Replay(self._taken())] if self._held else []

    def _ended(self) -> Decision:
        if self._cut_short:
            # The end of a scan that was too long may look like a code, and nobody scanned that.
            self._cut_short = False
            return self._bad("too_long")
        code = self._code()
        if code is None:
            return Replay(self._taken())
        if not all(self._belongs(character) for character in code):
            return self._bad("control_characters")
        return Scanned(Scan(code), self._taken())

    def _code(self) -> str | None:
        """What was held, without what surrounds it; None when it doesn't have the shape of a scan."""
        settings = self._settings
        text = "".join(self._held)
        if text.endswith((ENTER, TAB)):
            text = text[:-1]
        long_enough = len(text) >= settings.min_length + len(settings.prefix) + len(settings.suffix)
        if not (long_enough and text.startswith(settings.prefix) and text.endswith(settings.suffix)):
            return None
        return text[len(settings.prefix) : len(text) - len(settings.suffix)]

    def _belongs(self, character: str) -> bool:
        if character == "\x1d":
            return self._settings.group_separators_allowed
        return character.isprintable()

    def _bad(self, reason: str) -> Scanned:
        keys = self._taken()
        shown = visible("".join(keys).rstrip(ENTER + TAB))
        if reason == "too_long":
            return Scanned(BadScan("too_long", shown), keys)
        return Scanned(BadScan("control_characters", shown), keys)

    def _taken(self) -> tuple[str, ...]:
        keys = tuple(self._held)
        self._held.clear()
        return keys
