"""A migrated database has the schema that the code expects, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from sync_server.database import Database
from sync_server.migrations import configuration, is_current, migrate
from sync_server.schema import metadata


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield database
    database.close()


@pytest.fixture
def empty_postgresql(postgresql_database: Database) -> Database:
    with postgresql_database.write() as tx:
        tx.execute(text("drop schema public cascade"))
        tx.execute(text("create schema public"))
    return postgresql_database


@pytest.fixture(params=["empty_sqlite", pytest.param("empty_postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest) -> Database:
    made: Database = request.getfixturevalue(request.param)
    return made


def test_a_migrated_database_is_what_the_code_expects(empty: Database) -> None:
    assert not is_current(empty)
    assert migrate(empty)
    assert is_current(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_does_nothing(empty: Database) -> None:
    migrate(empty)
    assert not migrate(empty)


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    with empty.write() as tx:
        tx.execute(text("create table till (a integer)"))
    with pytest.raises(Exception, match="till"):
        migrate(empty)
    with empty.read() as tx:
        tables = set(_tables(tx.dialect.name, tx))
    assert tables == {"till"}


def test_a_feed_from_before_knows_afterwards_what_each_change_replaced(empty: Database) -> None:
    with empty.write() as tx:
        command.upgrade(configuration(tx), "0003")
        for ver, op in enumerate(("put", "put", "del", "put", "put"), 1):
            row = {"ver": ver, "op": op}
            tx.execute(text("insert into change_feed values ('s', :ver, 'e', 'i', :op, '', '0', 1)"), row)
        tx.execute(text("insert into change_feed values ('other', 9, 'e', 'i', 'put', '', '0', 1)"))
    migrate(empty)
    with empty.read() as tx:
        rows = tx.execute(text("select stream, ver, replaces from change_feed order by stream desc, ver"))
        assert [tuple(row) for row in rows] == [
            ("s", 1, None),
            ("s", 2, 1),
            ("s", 3, 2),
            ("s", 4, None),
            ("s", 5, 4),
            ("other", 9, None),
        ]


def _tables(dialect: str, tx: object) -> list[str]:
    from sqlalchemy import inspect

    return inspect(tx).get_table_names()  # type: ignore[attr-defined, no-any-return]
