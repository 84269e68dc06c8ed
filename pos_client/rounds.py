"""The till's periodic work, on threads of its own: nothing that a customer waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)


class Rounds:
    """Tasks at their intervals, never twice at once; one that fails is logged and comes again."""

    def __init__(self) -> None:
        self._ticker = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, task: Callable[[], object], name: str) -> None:
        self._ticker.add_job(_run, "interval", seconds=seconds, args=(task, name), id=name)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        if self._ticker.running:
            self._ticker.shutdown(wait=True)


def _run(task: Callable[[], object], name: str) -> None:
    try:
        task()
    except Exception:
        log.exception("the task '%s' failed; it is tried again at its next time", name)
