"""Clocks of machines: each has its own idea of the time, which jumps and stops; none of them orders anything."""

from __future__ import annotations

from shared_models.moment import Moment
from tests.simulation.scheduler import Scheduler

OPENING_MS = 1_795_000_000_000
"""What a clock that is right shows when the simulation begins."""
_ZONE_MIN = 60


class WallClock:
    """Right until somebody sets it wrong. Implements the server's `NowMs` by being called."""

    def __init__(self, scheduler: Scheduler, offset_ms: int = 0) -> None:
        self._scheduler = scheduler
        self.offset_ms = offset_ms
        self._stopped_at_ms: int | None = None

    def __call__(self) -> int:
        if self._stopped_at_ms is not None:
            return self._stopped_at_ms
        return OPENING_MS + self._scheduler.now_ms + self.offset_ms

    def jump(self, by_ms: int) -> None:
        self.offset_ms += by_ms

    def stop(self) -> None:
        self._stopped_at_ms = self()

    def go_right(self) -> None:
        self.offset_ms, self._stopped_at_ms = 0, None


class TillClock:
    """Implements `till.ports.Clock` for one run of the till's program."""

    def __init__(self, scheduler: Scheduler, wall: WallClock) -> None:
        self._scheduler = scheduler
        self._wall = wall
        self._started_ms = scheduler.now_ms

    def now(self) -> Moment:
        return Moment(self._wall(), _ZONE_MIN)

    def monotonic_ms(self) -> int:
        return self._scheduler.now_ms - self._started_ms
