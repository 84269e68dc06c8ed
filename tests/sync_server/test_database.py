"""Transactions: nothing lost between two writers, one snapshot for a reader, no file without its key."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2
from sqlalchemy import literal, select, text, update
from sqlalchemy.exc import DatabaseError, DataError, OperationalError

from sync_server.database import Database, driver_of, is_passing, metadata
from sync_server.feed.tables import feed_head
from sync_server.settings import BadSetting, read_settings

HEAD = {"stream": "s", "epoch": "e", "ver": 0, "checksum": "0", "floor": 0}


def put_head(database: Database) -> None:
    with database.write() as tx:
        tx.execute(feed_head.insert().values(HEAD))


def test_bytes_flags_and_nothing_come_back_as_they_went(database: Database) -> None:
    values = {"bytes": b"\0\xff" * 8, "open": True, "shut": False, "unknown": None, "empty": b""}
    row = select(*(literal(value).label(name) for name, value in values.items()))
    with database.read() as tx:
        assert tx.execute(row).one()._asdict() == values
        if not database.on_postgresql:
            kinds = "select typeof(?), typeof(?), typeof(?), typeof(?)"
            sent = (b"bytes", memoryview(b"view"), True, None)
            assert tuple(tx.exec_driver_sql(kinds, sent).one()) == ("blob", "blob", "integer", "null")


def test_the_driver_is_told_how_to_bind_what_the_server_stores() -> None:
    told = {kind for kind, _ in sqlcipher3.dbapi2.adapters}
    assert {bytes, memoryview, bool, type(None)} <= told


def test_a_number_that_no_column_holds_is_bad_data_on_both(database: Database) -> None:
    with database.write() as tx, pytest.raises(DataError):
        tx.execute(update(feed_head).where(feed_head.c.stream == "catalogue").values(ver=2**64))


def test_writers_that_read_first_lose_no_update(database: Database) -> None:
    put_head(database)

    def count() -> None:
        for _ in range(30):
            with database.write() as tx:
                ver = tx.scalar(select(feed_head.c.ver).with_for_update())
                tx.execute(update(feed_head).values(ver=ver + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as tx:
        assert tx.scalar(select(feed_head.c.ver)) == 120


def test_a_reader_sees_one_snapshot_while_others_write(database: Database) -> None:
    put_head(database)
    with database.read() as reader:
        before = reader.scalar(select(feed_head.c.ver))
        with database.write() as tx:
            tx.execute(update(feed_head).values(ver=7))
        assert reader.scalar(select(feed_head.c.ver)) == before
    with database.read() as reader:
        assert reader.scalar(select(feed_head.c.ver)) == 7


def test_a_hook_that_fails_before_the_commit_undoes_everything(database: Database) -> None:
    def fail(tx: object) -> None:
        raise ZeroDivisionError

    database.before_commit.append(fail)
    with pytest.raises(ZeroDivisionError):
        put_head(database)
    with database.read() as tx:
        assert tx.scalar(select(feed_head.c.ver)) is None


@pytest.mark.postgres
def test_what_is_acknowledged_outlasts_a_power_cut_however_fast_postgresql_was_tuned(
    postgresql_database: Database,
) -> None:
    with postgresql_database.write() as tx:
        tx.execute(
            text(f"alter database {postgresql_database.engine.url.database} set synchronous_commit = off")
        )
    tuned = Database(postgresql_database.engine.url.render_as_string(hide_password=False))
    seen = {}
    for lasting in (True, False, True):
        with tuned.write(lasting=lasting) as tx:
            seen[lasting] = tx.scalar(text("show synchronous_commit"))
    tuned.close()
    assert seen == {True: "on", False: "off"}


@pytest.mark.postgres
def test_a_connection_that_dies_under_the_driver_alone_is_a_lost_connection(
    postgresql_database: Database,
) -> None:
    with pytest.raises(OperationalError) as lost, postgresql_database.write() as tx, driver_of(tx) as driver:
        driver.execute("select pg_terminate_backend(pg_backend_pid())")
    assert lost.value.connection_invalidated
    assert is_passing(lost.value)
    with postgresql_database.read() as tx:
        assert tx.scalar(select(literal(1))) == 1


@pytest.mark.postgres
def test_a_cursor_whose_connection_dies_while_it_is_read_is_let_go_of(postgresql_database: Database) -> None:
    """The driver warns of a cursor that nobody closed, and a warning fails the test."""
    with pytest.raises(OperationalError):
        read_on_while_the_connection_dies(postgresql_database)
    gc.collect()


def read_on_while_the_connection_dies(database: Database) -> None:
    with database.read() as tx:
        found = tx.scalars(text("select generate_series(1, 100)").execution_options(yield_per=10))
        assert next(found) == 1
        driver: Any = tx.connection.driver_connection
        with database.write() as other:
            other.execute(text("select pg_terminate_backend(:pid, 10000)"), {"pid": driver.info.backend_pid})
        found.all()


def test_an_encrypted_file_opens_with_its_key_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    keyed = Database(url, key="5e" * 32)
    metadata.create_all(keyed.engine)
    put_head(keyed)
    keyed.close()
    assert b"SQLite format 3" not in (tmp_path / "shop.db").read_bytes()
    for key in ("", "6f" * 32):
        wrong = Database(url, key=key)
        with pytest.raises(DatabaseError), wrong.read() as tx:
            tx.execute(text("select * from feed_head"))
        wrong.close()


def test_an_unknown_setting_is_an_error_that_names_it() -> None:
    with pytest.raises(BadSetting, match="EVERTILL_SERVER_PROT"):
        read_settings({"EVERTILL_SERVER_PROT": "1"})


def test_settings_come_from_the_environment_and_the_command_line_wins() -> None:
    environment = {"EVERTILL_SERVER_PORT": "1", "EVERTILL_SERVER_DATA_DIR": "/a", "OTHER": "x"}
    assert read_settings(environment).port == 1
    settings = read_settings(environment, port=2, host=None)
    assert (settings.port, settings.host, settings.url()) == (2, "127.0.0.1", "sqlite:////a/evertill.db")
