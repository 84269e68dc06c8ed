"""The product's `Turns` without a thread: the same turns, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.scheduler import Scheduler

Turn = Callable[[], float]


class SimulatedTurns:
    def __init__(self, scheduler: Scheduler, turn: Turn) -> None:
        self._scheduler = scheduler
        self._turn = turn
        self._woken = False
        self._resting: object = None
        self._line = scheduler.line_of_work(self._run)

    def start(self) -> None:
        self._line.start()

    def wake(self) -> None:
        """A turn now, or another after the one under way."""
        self._woken = True
        if self._resting is not None:
            self._scheduler.after(0, self._rise(self._resting))

    def end(self) -> None:
        self._line.end()

    def _run(self) -> None:
        while True:
            rest_s = self._turn()
            if not self._woken:
                self._rest(max(1, round(rest_s * 1000)))
            self._woken = False

    def _rest(self, rest_ms: int) -> None:
        token = self._resting = object()
        self._scheduler.after(rest_ms, self._rise(token))
        self._line.wait_for(token)
        self._resting = None

    def _rise(self, token: object) -> Callable[[], None]:
        return lambda: self._line.answer(token)
