"""Tells a scanner that poses as a keyboard from a person who types, by timing alone.

Every key is held back for a moment. Keys in quicker succession than fingers can make are a scan and never reach a
field, nor are they a shortcut, whatever they are; anything else is handed back, to be typed as if nothing had happened.
"""

from __future__ import annotations

import msgspec

from hardware.scanners.base import BadScan, BadScanReason, Scan, ScanOutcome, outcome_of, visible
from hardware.scanners.repeats import RepeatGuard

ENTER = "\r"
TAB = "\t"
OTHER_KEY = "\ufdd0"
"""Stands for a key that makes no character, such as F8: Unicode keeps this one out of every text."""
_ENDS = (ENTER, TAB)


class WedgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the shop's scanner is set up.

    `max_gap_ms` lies between the slowest scanner and the fastest typist. A scanner that sends no Enter or Tab
    needs `ends_by_pause`. `prefix` and `suffix` are what it puts around the code; they are taken off. Once the whole
    prefix was seen the rest may be as slow as `stall_ms` a key.

    `burst_keys` keys or more, `burst_gap_ms` apart at most on average, are no fingers: such a burst may stall for
    `stall_ms`, because the machine or the window system was busy, and is still one scan. So are `min_length` keys
    with no gap above `max_gap_ms`.

    A code that comes again within `repeat_ms` is the same label seen twice, see `hardware.scanners.repeats`.
    """

    max_gap_ms: int = 38
    burst_keys: int = 3
    burst_gap_ms: int = 12
    stall_ms: int = 150
    min_length: int = 6
    prefix: str = ""
    suffix: str = ""
    ends_by_pause: bool = False
    group_separators_allowed: bool = True
    max_length: int = 512
    repeat_ms: int = 0


DEFAULT_WEDGE = WedgeSettings()


class Replay(msgspec.Struct, frozen=True):
    """These keys were typed by a person: deliver them now, in this order, each one once."""

    keys: tuple[str, ...]


class Scanned(msgspec.Struct, frozen=True):
    """These keys were a scan: deliver none of them."""

    outcome: ScanOutcome
    keys: tuple[str, ...]


class Dropped(msgspec.Struct, frozen=True):
    """These keys belong to a scan that was told already, such as the line feed after Enter: deliver none of them."""

    keys: tuple[str, ...]


Decision = Replay | Scanned | Dropped


class WedgeDecoder:
    """Swallow every key that is fed here; what the answers say to replay is typing.

    A key is the character that it makes, ENTER, TAB or OTHER_KEY; Shift and its like are no keys. Repeats of a key
    held down are not for `key`: call `interrupt` and deliver them as they are.
    """

    def __init__(self, settings: WedgeSettings | None = None) -> None:
        self._settings = settings or DEFAULT_WEDGE
        self._held: list[str] = []
        self._first_ms = self._last_ms = 0
        self._broken: BadScanReason | None = None
        self._torn = self._after_scan = False
        self._repeats = RepeatGuard(self._settings.repeat_ms)

    @property
    def due_ms(self) -> int | None:
        """When to call `tick`, on the clock of the keys; None when nothing is held."""
        return self._last_ms + self._patience_ms() + 1 if self._held else None

    def key(self, key: str, at_ms: int) -> list[Decision]:
        """What to do now that `key` came; an empty answer means wait for more."""
        decisions = self.tick(at_ms)
        gap_ms = at_ms - self._last_ms
        self._last_ms = at_ms
        if key in _ENDS and self._after_scan and gap_ms <= self._settings.max_gap_ms:
            return [*decisions, Dropped((key,))]
        self._after_scan = False
        if not self._held:
            self._begin(at_ms, gap_ms)
        self._held.append(key)
        if key in _ENDS and len(self._held) > 1:
            decisions.append(self._ended())
        elif len(self._held) > self._settings.max_length:
            decisions.append(self._bad("too_long"))
            self._broken = "too_long"
        return decisions

    def tick(self, now_ms: int) -> list[Decision]:
        """To be called at `due_ms` or soon after."""
        if not self._held or now_ms - self._last_ms <= self._patience_ms():
            return []
        if self._settings.ends_by_pause:
            return [self._ended()]
        if self._is_no_finger():
            return [self._bad(self._broken or "cut_short")]
        return [Replay(self._taken())]

    def interrupt(self) -> list[Decision]:
        """Something else happened (a click, another window): what a person typed is to arrive before it.

        A scan that is under way goes on: the finger on the screen has nothing to do with it.
        """
        if not self._held or self._is_no_finger():
            return []
        self._torn = True
        return [Replay(self._taken())]

    def _begin(self, at_ms: int, gap_ms: int) -> None:
        if gap_ms > max(self._settings.max_gap_ms, self._settings.stall_ms):
            self._broken = None
        if self._torn and gap_ms <= self._settings.burst_gap_ms:
            self._broken = "cut_short"  # its first keys were taken for typing
        self._torn = False
        self._first_ms = at_ms

    def _patience_ms(self) -> int:
        """How long the pause after what is held may last."""
        settings = self._settings
        longest = max(settings.max_gap_ms, settings.stall_ms)
        if settings.prefix and "".join(self._held).startswith(settings.prefix):
            return longest
        return longest if self._is_burst() and not settings.ends_by_pause else settings.max_gap_ms

    def _is_burst(self) -> bool:
        gaps = len(self._held) - 1
        is_fast = self._last_ms - self._first_ms <= self._settings.burst_gap_ms * gaps
        return gaps + 1 >= self._settings.burst_keys and is_fast

    def _is_no_finger(self) -> bool:
        """Whether what is held can't have been typed by a person."""
        settings = self._settings
        pressed = len(self._held) - (self._held[-1] in _ENDS)
        begins = bool(settings.prefix) and "".join(self._held).startswith(settings.prefix)
        return (
            begins or pressed >= settings.min_length or (pressed >= settings.burst_keys and self._is_burst())
        )

    def _ended(self) -> Decision:
        if not self._is_no_finger():
            return Replay(self._taken())
        broken, self._broken = self._broken, None
        decision = self._bad(broken) if broken else self._read()
        self._after_scan = decision.keys[-1] in _ENDS
        return decision

    def _read(self) -> Scanned | Dropped:
        code = self._code()
        if code is None:
            return self._bad("wrong_frame")
        if isinstance(outcome_of(code, separators_allowed=self._settings.group_separators_allowed), BadScan):
            return self._bad("control_characters")
        if self._repeats.is_repeat(code, self._last_ms):
            return Dropped(self._taken())
        return Scanned(Scan(code), self._taken())

    def _code(self) -> str | None:
        """What was held, without what surrounds it; None when that is missing."""
        settings = self._settings
        text = "".join(self._held)
        if text.endswith(_ENDS):
            text = text[:-1]
        framed = len(settings.prefix) + len(settings.suffix)
        if not (len(text) > framed and text.startswith(settings.prefix) and text.endswith(settings.suffix)):
            return None
        return text[len(settings.prefix) : len(text) - len(settings.suffix)]

    def _bad(self, reason: BadScanReason) -> Scanned:
        keys = self._taken()
        return Scanned(BadScan(reason, visible("".join(keys).rstrip(ENTER + TAB))), keys)

    def _taken(self) -> tuple[str, ...]:
        keys = tuple(self._held)
        self._held.clear()
        return keys
