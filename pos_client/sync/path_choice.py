"""Which way the till takes: the store's hub while it answers, else the central server, and back after a while.

The way is never changed back and forth: a hub that was left is tried again after a wait that doubles each time, until
it has held for a while; sooner only where the central server is away as well. No clock, no dice of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from pos_client.sync.back_off import Jitter

FIRST_WAIT_MS = 15_000
LONGEST_WAIT_MS = 600_000
HELD_MS = 300_000
"""So long a hub must have held for its past to be forgotten."""
MOST_REFUSALS = 3
"""In a row; then a hub that answers but can't serve is left too."""

HUB = "hub"
CENTRAL = "central"


class PathChoice:
    """`ways` says what to try, in order; `answered`, `failed` and `refused` say how it went."""

    def __init__(self, jitter: Jitter, first_wait_ms: int = FIRST_WAIT_MS) -> None:
        self._jitter = jitter
        self._first_wait_ms = first_wait_ms
        self._on_hub = True
        self._left = 0
        self._try_again_ms = 0
        self._since_ms: int | None = None
        self._refusals = 0
        self._central_is_away = False

    @property
    def current(self) -> str:
        return HUB if self._on_hub else CENTRAL

    def ways(self, now_ms: int, *, may_probe: bool) -> Sequence[str]:
        """`may_probe` is false for what may wait for minutes: a hub that is away is not found out with that."""
        if self._on_hub or (may_probe and self.is_due(now_ms)):
            return (HUB, CENTRAL)
        return (CENTRAL, HUB)

    def is_due(self, now_ms: int) -> bool:
        """Whether a hub that was left should be tried again."""
        return not self._on_hub and now_ms >= self._try_again_ms

    def answered(self, now_ms: int, way: str) -> bool:
        """Whether the way changed."""
        if way == CENTRAL:
            self._central_is_away = False
        if way != HUB or (self._is_left(now_ms) and not self._central_is_away):
            return False
        self._refusals = 0
        if self._since_ms is None:
            self._since_ms = now_ms
        if now_ms - self._since_ms >= HELD_MS:
            self._left = 0
        changed, self._on_hub = not self._on_hub, True
        return changed

    def refused(self, now_ms: int, way: str) -> bool:
        """It answers, but not this question; whether the way changed."""
        if way != HUB or self._is_left(now_ms):
            return False
        self._refusals += 1
        return self.failed(now_ms, way) if self._refusals >= MOST_REFUSALS else False

    def failed(self, now_ms: int, way: str) -> bool:
        """Whether the way changed."""
        if way == CENTRAL:
            self._central_is_away = True
        if way != HUB or self._is_left(now_ms):
            return False
        ceiling = min(LONGEST_WAIT_MS, self._first_wait_ms << min(self._left, 20))
        self._left += 1
        self._try_again_ms = now_ms + ceiling // 2 + self._jitter(ceiling // 2)
        self._since_ms, self._refusals = None, 0
        changed, self._on_hub = self._on_hub, False
        return changed

    def _is_left(self, now_ms: int) -> bool:
        """What comes now was asked before the hub was left, and says nothing any more."""
        return not self._on_hub and now_ms < self._try_again_ms
