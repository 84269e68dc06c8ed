"""The thread that applies in the background: woken by every push, and by the schedule."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sync_server.ingest.applier import Applier

_AFTER_TROUBLE_S = 2.0
_BREATH_S = 0.01
_LONGEST_WAIT_S = 1.0
_log = logging.getLogger(__name__)


class ApplyWorker:
    """`wake` may be called before `start` and after `stop`, when it does nothing."""

    def __init__(
        self,
        applier: Applier,
        after_trouble_s: float = _AFTER_TROUBLE_S,
        longest_wait_s: float = _LONGEST_WAIT_S,
    ) -> None:
        self._applier = applier
        self._after_trouble_s = after_trouble_s
        self._longest_wait_s = longest_wait_s
        self._work = threading.Event()
        self._counting = threading.Lock()
        self._pushes = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        assert self._thread is None
        self._work.set()
        self._thread = threading.Thread(target=self._run, name="apply", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After the batch in hand; what waits is applied at the next start."""
        self._stopping = True
        self._work.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def wake(self) -> None:
        self._work.set()

    @contextmanager
    def while_pushed(self) -> Iterator[None]:
        """A till pushes: applying does not begin before it has its answer, unless entries waited for long."""
        with self._counting:
            self._pushes += 1
        try:
            yield
        finally:
            with self._counting:
                self._pushes -= 1

    def _run(self) -> None:
        pause: float | None = None
        while True:
            self._work.wait(pause)
            self._let_pushes_pass()
            if self._stopping:
                return
            pause = None if self._drained() else self._after_trouble_s

    def _let_pushes_pass(self) -> None:
        """A till waits for its acknowledgement, nobody for this: so not while pushes follow on one another."""
        end = time.monotonic() + self._longest_wait_s
        while not self._stopping and time.monotonic() < end:
            self._work.clear()
            if not self._work.wait(_BREATH_S) and not self._pushes:
                return

    def _drained(self) -> bool:
        try:
            self._applier.drain(lambda: self._stopping)
        except Exception:  # noqa: BLE001 - the thread must outlive whatever the database does
            _log.exception("applying stopped; it is tried again")
            return False
        return True
