"""Waiting longer after each failure, at random, so that a chain's tills don't all come back at once."""

from __future__ import annotations

from collections.abc import Callable

Jitter = Callable[[int], int]
"""jitter(n) -> a random whole number from 0 to n."""

BASE_MS = 1_000
CAP_MS = 300_000
FLOOR_MS = 50
LONGEST_RETRY_AFTER_MS = 3_600_000
"""A server may ask for patience, but not silence a till for ever."""


class BackOff:
    """Full jitter: between nothing and a second more than was waited since the last success, at most five minutes.

    Counted in time and not in failures, so that some short waits in a row don't make for a long one: nobody comes
    back much later after the trouble than the trouble lasted.
    """

    def __init__(self, jitter: Jitter) -> None:
        self._jitter = jitter
        self._waited_ms = 0

    def failed(self, retry_after_ms: int = 0) -> int:
        """How many milliseconds to wait."""
        wait = max(FLOOR_MS, self._jitter(min(CAP_MS, BASE_MS + self._waited_ms)))
        self._waited_ms = min(CAP_MS, self._waited_ms + wait)
        return max(wait, patience(retry_after_ms))

    def succeeded(self) -> None:
        self._waited_ms = 0


def patience(asked_ms: int) -> int:
    """What the server asked for, within reason."""
    return max(0, min(asked_ms, LONGEST_RETRY_AFTER_MS))
