"""A test on PostgreSQL finds nothing of the one before it, though it may get the same database."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import insert, text

from sync_server.database import Database
from sync_server.exceptions.tables import exception_case, exception_note
from sync_server.schema import metadata
from tests.own_postgresql import Databases, uri_of

pytestmark = pytest.mark.postgres
A_CASE = dict.fromkeys(("kind", "state", "store_id", "till_id", "sentence", "refs", "assigned_to"), "") | {
    "raised_at_ms": 1,
    "changed_at_ms": 1,
}
A_NOTE = {"case_id": 1, "at_ms": 1, "by": "Ada", "state": "open", "note": "Looked at the paper. " * 10}


@pytest.fixture
def name(postgresql_databases: Databases) -> str:
    return postgresql_databases.take()


def use(uri: str) -> list[int]:
    """A few rows in one table and many in another; the numbers of the few."""
    database = Database(uri)
    with database.write() as tx:
        cases = [A_CASE | {"case_key": f"{number}"} for number in range(3)]
        numbers = [
            tx.scalars(insert(exception_case).returning(exception_case.c.case_id), case).one()
            for case in cases
        ]
        tx.execute(insert(exception_note), [A_NOTE] * 1_000)
    database.close()
    return numbers


def rows(uri: str) -> int:
    database = Database(uri)
    with database.read() as tx:
        counts = [
            tx.execute(text(f'select count(*) from "{table}"')).scalar_one() for table in metadata.tables
        ]
    database.close()
    return sum(counts)


def test_a_database_is_empty_again_and_counts_from_one(
    name: str, postgresql_uri: str, postgresql_databases: Databases
) -> None:
    uri = uri_of(postgresql_uri, name)
    assert use(uri) == [1, 2, 3]
    assert rows(uri) == 1_003
    postgresql_databases.give_back(name)
    assert postgresql_databases.take() == name, "else this shows nothing"
    assert rows(uri) == 0
    assert use(uri) == [1, 2, 3]
    postgresql_databases.give_back(name)


def test_a_connection_that_a_test_forgot_holds_nothing_up(
    name: str, postgresql_uri: str, postgresql_databases: Databases
) -> None:
    uri = uri_of(postgresql_uri, name)
    forgotten = psycopg.connect(uri)
    forgotten.execute("lock table exception_case in access exclusive mode")
    postgresql_databases.give_back(name)
    assert postgresql_databases.take() == name
    assert use(uri) == [1, 2, 3]
    postgresql_databases.give_back(name)
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("select 1")
    forgotten.close()


@pytest.mark.parametrize(
    "change",
    [
        "alter table exception_case add column colour text",
        "create table more (id int)",
        "drop table exception_note",
        "alter database {name} set synchronous_commit = off",
    ],
)
def test_a_database_that_a_test_has_changed_is_given_to_no_other(
    change: str, name: str, postgresql_uri: str, postgresql_databases: Databases
) -> None:
    with psycopg.connect(uri_of(postgresql_uri, name), autocommit=True) as connection:
        connection.execute(change.format(name=name))  # type: ignore[call-overload]
    postgresql_databases.give_back(name)
    again = postgresql_databases.take()
    assert again != name
    postgresql_databases.give_back(again)
