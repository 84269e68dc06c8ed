"""One label that a scanner sees twice is one item."""

from __future__ import annotations


class RepeatGuard:
    """For one scanner. A code that comes again within `within_ms` of its last reading is the same label, still in the

    beam; once it was away for longer, or another code came between, it is the next item. Zero lets everything through.
    """

    def __init__(self, within_ms: int) -> None:
        self._within_ms = within_ms
        self._code = ""
        self._at_ms = 0

    def is_repeat(self, code: str, at_ms: int) -> bool:
        repeats = code == self._code and at_ms - self._at_ms < self._within_ms
        self._code, self._at_ms = code, at_ms
        return repeats
