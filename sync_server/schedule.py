"""The server's periodic work. APScheduler only ticks; what is due, the tables say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from sync_server.database import Database
from sync_server.services import Services
from sync_server.turn import Turn

Task = Callable[[], object]
_MOST_AT_ONCE = 4
_log = logging.getLogger(__name__)


class Schedule:
    """Runs tasks at their times, first at `start`, each on a thread and never twice at once.

    Where several servers share a database, one of them runs them; the others tick idly until it is gone.
    A task that fails is logged and comes again at its next time.
    """

    def __init__(self, db: Database) -> None:
        self._turn = Turn(db)
        self._going = True
        self._ticker = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(_MOST_AT_ONCE)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, task: Task, name: str, *, until_done: bool = False) -> None:
        """`until_done`: only until it went well once in this process."""
        self._ticker.add_job(
            self._tick,
            "interval",
            seconds=seconds,
            args=(task, name, until_done),
            id=name,
            next_run_time=datetime.now(UTC),
        )

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        """After the tasks in hand; long ones ask `is_going` between two steps."""
        self._going = False
        if self._ticker.running:
            self._ticker.shutdown(wait=True)
        self._turn.give_up()

    def is_going(self) -> bool:
        return self._going

    def _tick(self, task: Task, name: str, until_done: bool) -> None:
        if not self._going or not self._turn.is_ours():
            return
        try:
            task()
        except Exception:  # noqa: BLE001 - the next tick must come whatever this one met
            _log.exception("the task '%s' failed; it is tried again at its next time", name)
            return
        if until_done:
            self._ticker.remove_job(name)


def server_schedule(services: Services) -> Schedule:
    """What a server does by itself."""
    schedule = Schedule(services.db)
    schedule.every(30, services.worker.wake, "apply what waits")
    schedule.every(
        10, lambda: _retry_unknown(services), "retry what an older version did not know", until_done=True
    )
    schedule.every(5, services.ingest.take_in_raw, "take in what came raw and is good")
    schedule.every(60, lambda: _freshen(services, schedule.is_going), "build snapshots ahead")
    schedule.every(15, services.recovery.remember, "remember where the database stands")
    schedule.every(3600, lambda: _forget_codes(services), "forget old enrolment codes")
    schedule.every(3600, lambda: services.compaction.run(schedule.is_going), "compact the feed")
    schedule.every(5, lambda: services.background_check.run(schedule.is_going), "read what is stored again")
    schedule.every(60, lambda: _end_leases(services), "end leases that ran out")
    schedule.every(300, lambda: services.closings.close_due(schedule.is_going), "close what is over")
    return schedule


def _retry_unknown(services: Services) -> None:
    services.applier.retry_unknown()
    services.worker.wake()


def _freshen(services: Services, is_going: Callable[[], bool]) -> None:
    """So that a till that comes new, or back after long, need not wait for its file."""
    with services.db.read() as tx:
        store_ids = services.stores.store_ids(tx)
    for store_id in store_ids:
        if not is_going():
            return
        services.snapshots.manifest(store_id)


def _end_leases(services: Services) -> None:
    """A few at a time, so that no sale waits for all of them."""
    more = True
    while more:
        with services.db.write() as tx:
            more = services.leases.expire(tx) > 0


def _forget_codes(services: Services) -> None:
    with services.db.write() as tx:
        services.tills.forget_codes(tx)
        services.hubs.forget_codes(tx)
