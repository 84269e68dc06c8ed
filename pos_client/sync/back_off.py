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
    """Full jitter: after the n-th failure in a row between nothing and 1 s * 2^n, at most five minutes."""

    def __init__(self, jitter: Jitter) -> None:
        self._jitter = jitter
        self._failures = 0

    def failed(self, retry_after_ms: int = 0) -> int:
        """How many milliseconds to wait."""
        ceiling = min(CAP_MS, BASE_MS << min(self._failures, 20))
        self._failures += 1
        wait = max(FLOOR_MS, self._jitter(ceiling))
        return max(wait, patience(retry_after_ms))

    def succeeded(self) -> None:
        self._failures = 0


def patience(asked_ms: int) -> int:
    """What the server asked for, within reason."""
    return max(0, min(asked_ms, LONGEST_RETRY_AFTER_MS))
