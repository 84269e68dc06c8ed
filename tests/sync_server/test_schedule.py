"""The server's periodic work: who does it, and what becomes of it when something fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import func, select, text

from shared_models.leases import LeaseRequest
from sync_server.app import create_app
from sync_server.database import Database, Transaction
from sync_server.feed.tables import feed_head, snapshot
from sync_server.ingest.tables import ingest_queue, quarantine
from sync_server.leases.corrections import ValueCorrection
from sync_server.leases.tables import lease
from sync_server.schedule import Schedule, server_schedule
from sync_server.settings import Settings
from sync_server.sync_messages import TillIdentity
from sync_server.tills.tables import enrol_code
from sync_server.turn import Turn
from tests.sync_server.a_till import ATill, code_for, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.kept_app import CHEAP_HASHER

SOON_S = 0.01


class Count:
    """A task that counts its turns and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.turns = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.turns += 1
            self._changed.notify_all()

    def reaches(self, turns: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.turns >= turns, timeout=20)


@pytest.fixture
def second_server(postgresql_database: Database) -> Iterator[Database]:
    """Another process's view of the same database."""
    other = Database(postgresql_database.engine.url.render_as_string(hide_password=False))
    yield other
    other.close()


@pytest.mark.postgres
def test_of_two_servers_one_has_the_turn_and_the_other_gets_it_when_that_one_dies(
    postgresql_database: Database, second_server: Database
) -> None:
    first, second = Turn(postgresql_database), Turn(second_server)
    assert first.is_ours()
    assert first.is_ours()
    assert not second.is_ours()
    with second_server.write() as tx:
        # The second number is how many ms to wait until the other side is really gone.
        kill = "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory'"
        assert tx.scalar(text(kill))
    assert second.is_ours()
    assert not first.is_ours()
    second.give_up()
    assert first.is_ours()
    first.give_up()


@pytest.mark.postgres
def test_of_two_servers_one_ticks_and_the_other_goes_on_after_it(
    postgresql_database: Database, second_server: Database
) -> None:
    first_count, second_count = Count(), Count()
    first, second = Schedule(postgresql_database), Schedule(second_server)
    first.every(SOON_S, first_count, "count")
    second.every(SOON_S, second_count, "count")
    first.start()
    assert first_count.reaches(1)
    second.start()
    try:
        assert first_count.reaches(first_count.turns + 20)
        assert second_count.turns == 0
        first.stop()
        stopped_at = first_count.turns
        assert second_count.reaches(3)
        assert first_count.turns == stopped_at
    finally:
        second.stop()


def test_a_server_alone_on_sqlite_always_has_the_turn(sqlite_database: Database) -> None:
    assert Turn(sqlite_database).is_ours()


def test_a_server_that_lost_its_database_does_nothing_and_says_nothing_loud(tmp_path: Path) -> None:
    nowhere = Database(f"postgresql://nobody@/nothing?host={tmp_path}")
    assert not Turn(nowhere).is_ours()
    nowhere.close()


@pytest.mark.expects_log
def test_a_task_that_fails_is_logged_and_comes_again(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    count = Count()

    def fails_first() -> None:
        count()
        if count.turns == 1:
            raise OSError("the disk is full")

    schedule = Schedule(sqlite_database)
    schedule.every(SOON_S, fails_first, "build snapshots ahead", until_done=True)
    schedule.start()
    assert count.reaches(2)
    schedule.stop()
    assert "'build snapshots ahead' failed" in caplog.text
    assert "the disk is full" in caplog.text
    assert count.turns == 2, "what has to go well once is not done again"


def test_a_task_that_takes_long_is_not_started_a_second_time(sqlite_database: Database) -> None:
    busy, other = Count(), Count()
    finish = threading.Event()

    def takes_long() -> None:
        busy()
        finish.wait(20)

    schedule = Schedule(sqlite_database)
    schedule.every(SOON_S, takes_long, "long")
    schedule.every(SOON_S, other, "short")
    schedule.start()
    assert busy.reaches(1)
    assert other.reaches(10), "the others go on meanwhile"
    assert busy.turns == 1
    finish.set()
    schedule.stop()


def test_a_server_at_work_looks_after_snapshots_codes_leases_and_what_it_did_not_know(
    settings: Settings, database: Database, clock: Clock, app: Litestar, client: TestClient[Litestar]
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    till.record_bytes("sale.teleported", b'{"at_ms":1,"tz_min":0,"fact":{}}')
    till.push()
    app.state.services.applier.drain()
    with database.write() as tx:
        _hold_a_card(app, tx)
    clock.advance(31 * 86_400_000)
    code_for(app, database)
    clock.advance(settings.enrol_code_minutes * 60_000)
    still_good = code_for(app, database)

    schedule = server_schedule(app.state.services)
    done = Count()
    schedule.every(
        SOON_S, lambda: done() if _everything_is_done(database) else None, "look", until_done=False
    )
    schedule.start()
    assert done.reaches(1)
    schedule.stop()
    assert ATill(client, still_good, "device-0009").enrol().status_code == 200
    assert list((settings.data_dir / "snapshots").iterdir())


def _everything_is_done(database: Database) -> bool:
    with database.read() as tx:
        codes = tx.scalar(select(func.count()).select_from(enrol_code))
        snapshots = tx.scalar(select(func.count()).select_from(snapshot))
        waiting = tx.scalar(select(func.count()).select_from(ingest_queue))
        quarantined = tx.scalar(select(func.count()).select_from(quarantine))
        compacted = tx.scalar(select(func.min(feed_head.c.compacted)))
        leases = list(tx.scalars(select(lease.c.state)))
    return (codes, snapshots, waiting, quarantined, compacted, leases) == (1, 1, 1, 1, 1, ["expired"])


def _hold_a_card(app: Litestar, tx: Transaction) -> None:
    services = app.state.services
    charged = ValueCorrection(account="gift", subject="6035", amount=500, note="charged", currency="EUR")
    services.value.correct(tx, charged, "Ada")
    wanted = LeaseRequest(lease_id="1" * 32, kind="gift", subject="6035", amount=500, currency="EUR")
    services.leases.ask(tx, TillIdentity("device-0001", "03-1", "03"), wanted)


def test_a_server_that_applies_in_the_background_starts_and_stops_with_its_application(
    tmp_path: Path, sqlite_database: Database, clock: Clock
) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret="a secret of the tests, long enough for HS256")
    app = create_app(settings, database=sqlite_database, now_ms=clock, hasher=CHEAP_HASHER)
    before = set(threading.enumerate())
    with TestClient(app) as client:
        open_store(app, sqlite_database)
        till = enrolled_till(app, sqlite_database, client)
        till.record_bytes("operator.logged_in", b"{}", schema=1)
        till.push()
    assert set(threading.enumerate()) <= before
