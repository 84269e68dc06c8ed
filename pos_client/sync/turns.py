"""A thread that takes turns at something until it is told to stop, and never dies of a bug in silence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition, Thread

log = logging.getLogger(__name__)

Turn = Callable[[], float]
"""turn() -> seconds until the next one, unless woken."""

LONGEST_REST_S = 60.0


class Turns:
    """A turn that hangs in the network doesn't hold up stopping: the thread is a daemon."""

    def __init__(self, name: str, turn: Turn, first_rest_s: float = 1.0) -> None:
        self._turn = turn
        self._first_rest_s = first_rest_s
        self._condition = Condition()
        self._woken = False
        self._stopping = False
        self._slips = 0
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Take a turn now, or another after the one under way. Costs nothing; for every sale."""
        with self._condition:
            self._woken = True
            self._condition.notify()

    def ask_to_stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def stopped_within(self, seconds: float) -> bool:
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def stopping(self) -> bool:
        return self._stopping

    def _run(self) -> None:
        while not self.stopping():
            try:
                rest_s, wakeable = self._turn(), True
                self._slips = 0
            except Exception:
                if self.stopping():
                    return
                self._slips += 1
                rest_s, wakeable = min(LONGEST_REST_S, self._first_rest_s * 2**self._slips), False
                log.exception("%s failed; it goes on in %.1f s", self._thread.name, rest_s)
            self._rest(rest_s, wakeable)

    def _rest(self, seconds: float, wakeable: bool) -> None:
        """After a slip only stopping cuts the rest short: a sale a second must not make a log a second."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopping or (wakeable and self._woken), max(0.0, seconds))
            self._woken = False
