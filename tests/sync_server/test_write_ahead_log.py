"""SQLite's write-ahead log is emptied beside the work, never grows without end, and outlives trouble."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError

from sync_server import write_ahead_log
from sync_server.database import Database
from sync_server.write_ahead_log import WriteAheadLog

PAGE = 8192


@pytest.fixture
def shop(sqlite_database: Database) -> Database:
    with sqlite_database.write() as tx:
        tx.execute(text("create table paper (sheet blob)"))
    return sqlite_database


@pytest.fixture
def log(shop: Database) -> Iterator[WriteAheadLog]:
    log = WriteAheadLog(shop)
    yield log
    log.stop()


def fill(shop: Database, pages: int) -> None:
    with shop.write() as tx:
        for _ in range(pages // 100):
            tx.execute(text("insert into paper values (zeroblob(:n))"), {"n": 100 * PAGE})


class _Broken:
    """A connection to a disk that fails, also as what a transaction has of one."""

    def __init__(self) -> None:
        self.connection = self.driver_connection = self

    def execute(self, statement: str) -> None:
        raise sqlcipher3.dbapi2.OperationalError("disk I/O error")

    def close(self) -> None: ...


def left_in_log(shop: Database) -> int:
    connection: Any = shop.engine.raw_connection()
    try:
        _, pages, moved = connection.execute("pragma wal_checkpoint(noop)").fetchone()
    finally:
        connection.close()
    return int(pages - moved)


def soon(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_what_was_written_is_moved_into_the_file_by_nobody_who_writes(
    shop: Database, log: WriteAheadLog
) -> None:
    shop.log_pages = 0
    fill(shop, 1500)
    assert left_in_log(shop) >= 1500
    log.start()
    fill(shop, 100)
    assert soon(lambda: left_in_log(shop) < 1000)


def test_the_log_stays_small_while_others_write_without_a_pause(
    shop: Database, log: WriteAheadLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "_LONG_PAGES", 3000)
    log.start()
    for _ in range(300):
        fill(shop, 100)
    assert (tmp_path / "shop.db-wal").stat().st_size < 4000 * PAGE


@pytest.mark.expects_log
def test_trouble_with_the_disk_is_logged_and_it_is_tried_again_although_nobody_writes(
    shop: Database, log: WriteAheadLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(write_ahead_log, "_AFTER_TROUBLE_S", 0.01)
    usual, left = shop.engine.raw_connection, ["no connection", "broken", "broken"]

    def connect() -> Any:
        trouble = left.pop() if left else ""
        if trouble == "no connection":
            raise TimeoutError("all are in use")
        return _Broken() if trouble else usual()

    fill(shop, 1500)
    shop.log_pages = 0
    fill(shop, 1500)
    assert left_in_log(shop) > 1000
    monkeypatch.setattr(shop.engine, "raw_connection", connect)
    log.start()
    log._due.set()
    assert soon(lambda: not left and left_in_log(shop) < 1000)
    assert (caplog.text.count("disk I/O error"), caplog.text.count("all are in use")) == (2, 1)


@pytest.mark.expects_log
def test_what_was_committed_stands_although_the_log_can_not_be_looked_at(
    shop: Database, log: WriteAheadLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.start()
    (look,) = shop.after_commit
    shop.after_commit[:] = [lambda tx: look(_Broken())]
    fill(shop, 100)
    with shop.read() as tx:
        assert tx.scalar(text("select count(*) from paper")) == 1
    assert "disk I/O error" in caplog.text


def test_a_server_that_is_not_running_empties_it_with_its_commits(shop: Database, tmp_path: Path) -> None:
    for _ in range(20):
        fill(shop, 500)
    assert (tmp_path / "shop.db-wal").stat().st_size < 3000 * PAGE


@pytest.mark.postgres
def test_there_is_nothing_to_do_on_postgresql(postgresql_database: Database) -> None:
    log = WriteAheadLog(postgresql_database)
    log.start()
    log.stop()
    assert postgresql_database.after_commit == []
