"""From the log to the areas: each fact once, and a poisoned one alone in quarantine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from shared_models.cash import OperatorLoggedIn
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.applier import Applier
from sync_server.ingest.tables import quarantine
from sync_server.ingest.worker import ApplyWorker
from sync_server.ingest_entry import RecordedEntry
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.made_up_days import a_line, a_sale


class Book:
    """An area that writes operators down, and chokes on one."""

    def __init__(self, poison: str = "") -> None:
        self.poison = poison
        self.calls = 0
        self.done: list[str] = []

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        self.calls += 1
        names = [entry.recorded.fact.operator_id for entry in entries]
        if self.poison in names:
            tx.execute(text("select * from no_such_table"))
        self.done += names


class Told(Book):
    """Says when it was given something."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        super().record_many(tx, entries)
        self.told.set()


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    return enrolled_till(app, database, client)


def applier(app: Litestar, database: Database, book: Any) -> Applier:
    return Applier(database, [book], app.state.services.exceptions, lambda: 5)


def logins(till: ATill, count: int) -> list[str]:
    names = [f"op{number}" for number in range(count)]
    for name in names:
        till.record(OperatorLoggedIn(name, "Ana", "03-1"))
    return names


def test_a_batch_is_applied_in_one_go_and_in_order(till: ATill, app: Litestar, database: Database) -> None:
    names = logins(till, 20)
    till.push()
    book = Book()
    assert applier(app, database, book).drain() == 20
    assert (book.done, book.calls) == (names, 1)
    assert applier(app, database, book).drain() == 0


def test_a_poisoned_entry_is_quarantined_alone(till: ATill, app: Litestar, database: Database) -> None:
    names = logins(till, 33)
    till.push()
    book = Book(poison="op17")
    applier(app, database, book).drain()
    assert sorted(book.done) == sorted(set(names) - {"op17"})
    assert book.calls < 15
    with database.read() as tx:
        row = tx.execute(select(quarantine)).one()
        assert row.reason == "apply_failed"
        assert "no_such_table" in row.detail
        assert row.quarantine_id == till.entries[17].event_id.hex()
        assert tx.scalars(select(exception_case.c.kind)).all() == ["quarantined"]


def test_a_fact_that_this_version_does_not_know_waits_for_one_that_does(
    till: ATill, app: Litestar, database: Database
) -> None:
    till.record_bytes("sale.teleported", b'{"at_ms":1,"tz_min":0,"fact":{}}')
    till.record_bytes("operator.logged_in", b"{}", schema=1)
    logins(till, 1)
    till.push()
    book = Book()
    taker = applier(app, database, book)
    taker.drain()
    assert book.done == ["op0"]
    with database.read() as tx:
        reasons = tx.scalars(select(quarantine.c.reason).order_by(quarantine.c.ingest_id)).all()
        assert reasons == ["unknown_schema", "unreadable_body"]
    taker.retry_unknown()
    assert taker.drain() == 1
    with database.read() as tx:
        attempts = tx.scalars(select(quarantine.c.attempts).order_by(quarantine.c.ingest_id)).all()
        assert attempts == [2, 1]


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('"operator_id":"op1","operator_id":"op2"', "operator_id is given twice"),
        ('"operator_id":"op2","operator_id":"op2"', "operator_id is given twice"),
        ('"operator_id":"op2","more":[{"a":1,"a":2}]', "a is given twice"),
        ('"operator_id":"op2","more":1e999', "1e999 is too large for a number"),
        ('"operator_id":"op2","more":' + "1" * 5000 + ',"a":1,"a":2', "a is given twice"),
        ('"operator_id":"op2","more":NaN', "can't be read"),
    ],
    ids=["two values", "one value", "deep inside", "no end", "behind a long number", "no number"],
)
def test_what_two_readers_take_differently_is_booked_by_neither_value(
    till: ATill, app: Litestar, database: Database, inside: str, said: str
) -> None:
    fact = f'{{{inside},"operator_name":"Ana","till_id":"03-1"}}'
    till.record_bytes("operator.logged_in", f'{{"at_ms":1,"tz_min":0,"fact":{fact}}}'.encode())
    logins(till, 1)
    till.push()
    book = Book()
    applier(app, database, book).drain()
    assert book.done == ["op0"]
    with database.read() as tx:
        row = tx.execute(select(quarantine)).one()
        assert row.reason == "unreadable_body"
        assert said in row.detail
        assert tx.scalars(select(exception_case.c.kind)).all() == ["quarantined"]


def test_a_field_and_a_blank_that_this_version_would_not_write_are_booked(
    till: ATill, app: Litestar, database: Database
) -> None:
    fact = '{"operator_id": "op7", "operator_name":"Ana","till_id":"03-1","mood":{"level":1.5}}'
    till.record_bytes("operator.logged_in", f'{{"tz_min":0,"at_ms":1,"fact":{fact}}}'.encode())
    till.push()
    book = Book()
    applier(app, database, book).drain()
    assert book.done == ["op7"]


def test_a_person_may_have_a_quarantined_entry_tried_again(
    till: ATill, app: Litestar, database: Database, office: Client
) -> None:
    logins(till, 3)
    till.push()
    book = Book(poison="op1")
    taker = applier(app, database, book)
    taker.drain()
    book.poison = ""
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    for _ in range(2):
        office.post(f"/api/v1/quarantine/{row['quarantine_id']}/retry")
    taker.drain()
    assert sorted(book.done) == ["op0", "op1", "op2"]
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["resolved_by"] == "applied"
    office.post(f"/api/v1/quarantine/{row['quarantine_id']}/retry")
    assert taker.drain() == 0


def test_a_lost_database_quarantines_nothing(till: ATill, app: Litestar, database: Database) -> None:
    class Broken(Book):
        def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
            raise OperationalError("", {}, Exception("gone"), connection_invalidated=True)

    logins(till, 2)
    till.push()
    with pytest.raises(OperationalError):
        applier(app, database, Broken()).drain()
    book = Book()
    assert applier(app, database, book).drain() == 2
    assert book.done == ["op0", "op1"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("state", ["40P01", "40001", "53100", "55P03", "57014"])
def test_a_deadlock_quarantines_nothing(till: ATill, app: Litestar, database: Database, state: str) -> None:
    class Unlucky(Book):
        def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
            tx.exec_driver_sql(f"do $$ begin raise exception 'unlucky' using errcode = '{state}'; end $$")

    logins(till, 2)
    till.push()
    with pytest.raises(DBAPIError):
        applier(app, database, Unlucky()).drain()
    book = Book()
    assert applier(app, database, book).drain() == 2


class FullUnder:
    """Within the block PostgreSQL's disk has no room for the rows of a table."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def __enter__(self) -> None:
        self._run(
            "create function no_room() returns trigger language plpgsql as "
            "$$ begin raise exception 'no space left on device' using errcode = '53100'; end $$"
        )
        self._run(
            f"create trigger full_up before insert on {self._table} for each row execute function no_room()"
        )

    def __exit__(self, *reason: object) -> None:
        self._run("drop function no_room cascade")

    def _run(self, statement: str) -> None:
        with self._database.write() as tx:
            tx.exec_driver_sql(statement)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_disk_that_is_full_for_a_while_quarantines_nothing(
    till: ATill, services: Services, database: Database
) -> None:
    till.record(a_sale(1))
    till.push()
    with FullUnder(database, "sale_line"), pytest.raises(OperationalError):
        services.applier.drain()
    assert services.applier.drain() == 1
    with database.read() as tx:
        assert tx.execute(select(quarantine)).all() == []


@pytest.mark.expects_log
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_till_hears_that_the_database_takes_nothing_now(till: ATill, database: Database) -> None:
    till.record(a_sale(1))
    with FullUnder(database, "ingest_log"):
        answer = till.send(till.batch())
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unreachable")
    assert till.push().high == 1


def test_a_locked_file_quarantines_nothing(till: ATill, app: Litestar, database: Database) -> None:
    class Locked(Book):
        def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
            raise OperationalError("", {}, Exception("database is locked"))

    logins(till, 2)
    till.push()
    with pytest.raises(OperationalError):
        applier(app, database, Locked()).drain()
    assert applier(app, database, Book()).drain() == 2


def test_a_server_that_died_between_acknowledging_and_applying_catches_up_at_its_next_start(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 5)
    till.push()
    book = Told()
    worker = ApplyWorker(applier(app, database, book))
    worker.start()
    assert book.told.wait(20)
    worker.stop()
    assert len(book.done) == 5


def test_a_till_that_pushes_has_its_answer_before_anything_is_applied(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 1)
    till.push()
    book = Told()
    worker = ApplyWorker(applier(app, database, book), longest_wait_s=60)
    with worker.while_pushed():
        worker.start()
        assert not book.told.wait(0.3)
    assert book.told.wait(20)
    worker.stop()


@pytest.mark.expects_log
def test_the_worker_outlives_a_database_that_fails(
    till: ATill, app: Litestar, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    logins(till, 1)
    till.push()
    finished = threading.Event()

    class OnceBroken(Book):
        def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
            self.calls += 1
            if self.calls == 1:
                raise OperationalError("", {}, Exception("gone"), connection_invalidated=True)
            self.done.append(entries[0].recorded.fact.operator_id)
            finished.set()

    book = OnceBroken()
    worker = ApplyWorker(applier(app, database, book), after_trouble_s=0.01)
    worker.start()
    assert finished.wait(20)
    worker.stop()
    assert book.done == ["op0"]
    assert "it is tried again" in caplog.text


def test_a_sale_reaches_the_areas(till: ATill, app: Litestar, database: Database, office: Client) -> None:
    till.record(a_sale(1))
    till.record(a_sale(2))
    till.push()
    app.state.services.applier.drain()
    rows = office.get("/api/v1/sales").json()["rows"]
    assert len(rows) == 2
    till.push()
    app.state.services.applier.drain()
    assert len(office.get("/api/v1/sales").json()["rows"]) == 2


def test_what_was_booked_already_is_booked_once_in_a_batch_of_many_statements(
    till: ATill, services: Services, database: Database
) -> None:
    """As after a crash that took back that it left the queue: some of it is in the books, and nobody knows which."""
    for number in range(1, 401):
        till.record(a_sale(number, a_line(price=100)))
    till.push(1, 300)
    services.applier.drain()
    with database.write() as tx:
        tx.execute(text("insert into ingest_queue (ingest_id, attempts) select ingest_id, 0 from ingest_log"))
    till.push(301, 400)
    services.applier.drain()
    with database.read() as tx:
        booked = tx.execute(
            text("select count(*), count(distinct sale_id), sum(total_minor) from sale")
        ).one()
        lines = tx.execute(text("select count(*), sum(gross_minor) from sale_line")).one()
        level = tx.execute(text("select on_hand_milli from stock_level")).scalar_one()
        moved = tx.execute(text("select count(*), sum(quantity_milli) from stock_move")).one()
        assert tx.execute(select(quarantine)).all() == []
    assert tuple(map(int, booked)) == (400, 400, 40_000)
    assert tuple(map(int, lines)) == (400, 40_000)
    assert tuple(map(int, moved)) == (400, level) == (400, -400_000)
