"""A thread that goes its rounds: woken when there is something to do, ever slower while it fails."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable

from shared_models.errors import ShopError
from sync_server.database import is_passing

_LONGEST_S = 60.0
_log = logging.getLogger(__name__)


class Rounds:
    """`round` returns the seconds until the next one. A ShopError is the other side's; anything else a bug.

    `jitter(n)` is a random whole number from 0 to n.
    """

    def __init__(
        self,
        name: str,
        round: Callable[[], float],
        first_rest_s: float = 1.0,
        jitter: Callable[[int], int] = lambda most: secrets.randbelow(most + 1),
    ) -> None:
        self._round = round
        self._first_rest_s = first_rest_s
        self._jitter = jitter
        self._failures = 0
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._work.set()

    def is_going(self) -> bool:
        return not self._stopping.is_set()

    def ask_to_stop(self) -> None:
        self._stopping.set()
        self._work.set()

    def stop(self, within_s: float = 10) -> None:
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(within_s)

    @property
    def is_failing(self) -> bool:
        """Whether the last round failed; then nothing cuts its rest short."""
        return self._failures > 0

    def turn(self) -> float:
        """One round, whatever comes of it; the seconds to rest until the next."""
        try:
            rest_s = self._round()
        except ShopError as reason:
            if self.is_going():
                _log.info("%s: %s", self._thread.name, reason.message)
            return self._after_failure()
        except Exception as reason:  # noqa: BLE001 - the thread must outlive whatever this round met
            if self.is_going():
                self._log_fault(reason)
            return self._after_failure()
        self._failures = 0
        return rest_s

    def _run(self) -> None:
        while self.is_going():
            self._work.clear()
            rest_s = self.turn()
            if self.is_failing:
                self._stopping.wait(rest_s)
            else:
                self._work.wait(rest_s)

    def _log_fault(self, reason: Exception) -> None:
        if is_passing(reason):
            _log.warning("%s: the hub's own database takes nothing now (%s)", self._thread.name, reason)
        else:
            _log.exception("%s failed; it is tried again", self._thread.name)

    def _after_failure(self) -> float:
        """Somewhere in the upper half, so that a chain's hubs don't all come back at once."""
        ceiling = min(_LONGEST_S, self._first_rest_s * (1 << min(self._failures, 10)))
        self._failures += 1
        return ceiling * (500 + self._jitter(500)) / 1000
