"""Virtual time: a heap of what happens when, and lines of work that can wait, all on one thread in one order."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

Work = Callable[[], None]


class PowerCut(BaseException):
    """The end of a program in the middle of whatever it did. Nothing catches it, as nothing catches a SIGKILL."""


class Scheduler:
    """`now_ms` only moves in `run`. What is due at the same moment happens in the order in which it was planned."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.current: LineOfWork | None = None
        """Which line of work runs at this moment, None for a plain event."""
        self.events = 0
        self._heap: list[tuple[int, int, Work]] = []
        self._planned = 0
        self._hub = getcurrent()

    def after(self, delay_ms: int, work: Work) -> None:
        assert delay_ms >= 0
        self._planned += 1
        heapq.heappush(self._heap, (self.now_ms + delay_ms, self._planned, work))

    def run(self, until_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Whether `done` came before `until_ms`."""
        while not done():
            if not self._heap or self._heap[0][0] > until_ms:
                self.now_ms = max(self.now_ms, until_ms)
                return done()
            at_ms, _, work = heapq.heappop(self._heap)
            self.now_ms = at_ms
            self.events += 1
            work()
        return True

    def forget_everything(self) -> None:
        self._heap.clear()

    def line_of_work(self, work: Work) -> LineOfWork:
        return LineOfWork(self, work, self._hub)


class LineOfWork:
    """What a thread is in the product: it runs until it waits, and only there do others run."""

    def __init__(self, scheduler: Scheduler, work: Work, hub: greenlet) -> None:
        self._scheduler = scheduler
        self._hub = hub
        self._work = work
        self._waits_for: object = None
        self._is_over = False
        self._greenlet = greenlet(self._run, parent=hub)

    def start(self) -> None:
        self._scheduler.after(0, lambda: self._go_on(None))

    def wait_for(self, token: object) -> Any:
        """Until `answer` is called with this very token; returns what it brings."""
        assert self._scheduler.current is self, "only a line of work itself can wait"
        self._waits_for = token
        return self._hub.switch()

    def answer(self, token: object, value: Any = None) -> None:
        """An answer that nobody waits for any more is nothing."""
        if not self._is_over and self._waits_for is token:
            self._go_on(value)

    def end(self) -> None:
        """As a kill ends a thread: nothing of its own runs after this."""
        if self._is_over:
            return
        self._is_over = True
        if self._scheduler.current is not self and self._greenlet:
            self._scheduler.after(0, self._reap)

    def _reap(self) -> None:
        if not self._greenlet.dead:
            self._greenlet.throw(PowerCut)

    def _go_on(self, value: Any) -> None:
        if self._is_over:
            return
        self._waits_for = None
        self._scheduler.current = self
        try:
            self._greenlet.switch(value)
        finally:
            self._scheduler.current = None

    def _run(self, _: Any) -> None:
        try:
            self._work()
        except PowerCut:
            pass
        finally:
            self._is_over = True
