"""The server reads again all that it stored, by itself, and names what was changed in its own database."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import insert, select, text

from shared_models import wire
from shared_models.cash import OperatorLoggedIn
from shared_models.journal import first_prev
from sync_server.database import Database
from sync_server.exceptions.service import Case
from sync_server.ingest import background_check
from sync_server.ingest.tables import ingest_log, ingest_pos
from sync_server.schedule import server_schedule
from sync_server.settings import Settings
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD, Clock

DAY_MS = 24 * 3_600_000
CHANGED = 3
UNSEALED = {("ingest_log", "received_at_ms")}
"""The server's own note of when an entry came: nothing that the till sealed says it."""
COLUMNS = [(table.name, one.name) for table in (ingest_log, ingest_pos) for one in table.columns]
LIFE = ["till_id", "store_id", "device_id", "parent", "parent_seq", "parent_hash", "high", "head_hash"]


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    """Six entries; the fifth came raw, and the journal goes on from another one."""
    open_store(app, database, tills=2)
    till = enrolled_till(app, database, client)
    enrolled_till(app, database, client, 2)
    place: dict[str, Any] = {"parent": b"p" * 16, "parent_seq": 9, "parent_hash": b"h" * 32}
    till.first_prev = first_prev(*place.values())
    logins(till, 6)
    till.push(1, 4, **place)
    till.send_raw(wire.pack(till.batch(5, 5, **place)))
    till.push(6, 6, **place)
    return till


def logins(till: ATill, count: int) -> None:
    for number in range(count):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))


def check(app: Litestar, clock: Clock) -> list[Case]:
    """A full round, and what it left in the inbox."""
    clock.advance(2 * DAY_MS)
    services = app.state.services
    services.background_check.run()
    while not state(app).is_resting:
        services.background_check.run()
    with services.db.read() as tx:
        cases: list[Case] = services.exceptions.cases(tx, kind="journal_altered")
    return cases


def log_in(office: Client) -> None:
    answer = office.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD})
    office.headers["Authorization"] = f"Bearer {answer.json()['token']}"


def state(app: Litestar) -> Any:
    with app.state.services.db.read() as tx:
        return app.state.services.background_check.state(tx)


def change(database: Database, table: str, column: str, seq: int = CHANGED) -> None:
    """What somebody with a database's own shell would do: one byte, one digit, one truth."""
    place = "seq = :seq" if table != "incarnation" else "true"
    with database.write() as tx:
        value = tx.scalar(text(f"select {column} from {table} where {place}"), {"seq": seq})
        if isinstance(value, bool) or column == "chain_ok":
            other: Any = not value
        elif isinstance(value, int):
            other = value + 100
        elif isinstance(value, str):
            other = "X" + value[1:]
        else:
            other = bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:]
        tx.execute(text(f"update {table} set {column} = :other where {place}"), {"other": other, "seq": seq})


def test_what_is_as_the_till_sealed_it_raises_nothing(app: Litestar, till: ATill, clock: Clock) -> None:
    assert check(app, clock) == []
    assert (state(app).ended_entries, state(app).ended_faults) == (6, 0)
    app.state.services.ingest.take_in_raw()
    assert check(app, clock) == []


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda value: value)
def test_one_byte_changed_in_any_column_of_the_log_is_named_with_its_entry(
    app: Litestar, database: Database, till: ATill, clock: Clock, table: str, column: str
) -> None:
    change(database, table, column)
    cases = check(app, clock)
    if (table, column) in UNSEALED:
        assert cases == []
        return
    assert any(case.refs.get("seq") == str(CHANGED) for case in cases)
    named = {case.refs.get("column", "") for case in cases}
    if column not in ("ingest_id", "incarnation"):
        assert any(f"{table}.{column}" in name for name in named), named
    assert any("Entry 3 of till 03-1" in case.sentence for case in cases)
    again = check(app, clock)
    assert [case.case_id for case in again] == [case.case_id for case in cases]


@pytest.mark.parametrize("column", [c.name for c in ingest_pos.columns if c.name not in ("ingest_id", "seq")])
def test_one_byte_changed_of_an_entry_that_is_only_kept_raw_is_named(
    app: Litestar, database: Database, till: ATill, clock: Clock, column: str
) -> None:
    change(database, "ingest_pos", column, seq=5)
    assert any(case.refs.get("seq") == "5" for case in check(app, clock))


@pytest.mark.parametrize("column", LIFE)
def test_one_byte_changed_in_what_is_known_of_a_journal_is_named(
    app: Litestar, database: Database, till: ATill, clock: Clock, column: str
) -> None:
    change(database, "incarnation", column)
    cases = check(app, clock)
    assert any(column in case.refs.get("column", "") or "parent" in case.refs["column"] for case in cases)


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("delete from ingest_pos where seq = 3", 3),
        ("delete from ingest_pos where seq = 1", 1),
        ("delete from ingest_pos where seq = 6", 6),
        ("delete from ingest_log where seq = 3", 3),
        ("update ingest_pos set ingest_id = null where seq = 3", 3),
        ("update ingest_pos set ingest_id = 1 where seq = 3", 3),
        ("delete from incarnation", 3),
    ],
)
def test_what_was_deleted_or_put_elsewhere_is_named(
    app: Litestar, database: Database, till: ATill, clock: Clock, statement: str, seq: int
) -> None:
    with database.write() as tx:
        tx.execute(text(statement))
    assert any(case.refs["seq"] == str(seq) for case in check(app, clock))


def test_a_fact_that_somebody_added_is_named(
    app: Litestar, database: Database, till: ATill, clock: Clock
) -> None:
    with database.write() as tx:
        row = dict(tx.execute(select(ingest_log).where(ingest_log.c.seq == 2)).one()._mapping)
        row |= {"ingest_id": 99, "event_id": b"x" * 16, "seq": 7}
        tx.execute(insert(ingest_log).values(row))
    (case,) = check(app, clock)
    assert "Fact 99" in case.sentence
    assert "entry 7 of till 03-1" in case.sentence


def test_a_signature_in_the_middle_of_a_batch_which_the_push_does_not_check_is_checked(
    app: Litestar, database: Database, client: Client, clock: Clock
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    logins(till, 3)
    push = till.batch()
    entries = list(push.entries)
    entries[1] = msgspec.structs.replace(entries[1], signature=bytes(64))
    till.send(msgspec.structs.replace(push, entries=tuple(entries)))
    (case,) = check(app, clock)
    assert (case.refs["seq"], case.refs["column"]) == ("2", "ingest_pos.signature")


def test_a_batch_that_was_already_wrong_when_it_came_is_not_named_again(
    app: Litestar, till: ATill, clock: Clock
) -> None:
    logins(till, 2)
    till.push(7, 8, head_hash=bytes(32))
    assert check(app, clock) == []


def test_a_piece_is_bounded_and_a_restarted_server_goes_on_where_it_was(
    app: Litestar, till: ATill, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_check, "PIECE_ENTRIES", 4)
    services = app.state.services
    services.background_check.run()
    assert (state(app).entries, state(app).is_resting) == (4, False)
    background_check.BackgroundCheck(
        services.db, services.exceptions, services.tills.keys_of_till, clock
    ).run()
    assert state(app).entries == 6
    assert state(app).ended_ms is None
    services.background_check.run()
    assert (state(app).ended_ms, state(app).ended_entries) == (clock.now, 6)
    services.background_check.run()
    assert state(app).is_resting
    clock.advance(DAY_MS)
    services.background_check.run()
    assert (state(app).entries, state(app).is_resting, state(app).ended_entries) == (4, False, 6)


def test_a_change_between_two_pieces_is_found_at_the_border(
    app: Litestar, database: Database, till: ATill, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 2, 3):
        monkeypatch.setattr(background_check, "PIECE_ENTRIES", size)
        assert check(app, clock) == []
    change(database, "ingest_pos", "hash")
    for size in (1, 2, 3, 4):
        monkeypatch.setattr(background_check, "PIECE_ENTRIES", size)
        assert any(case.refs.get("column") == "ingest_pos.hash" for case in check(app, clock))


def test_a_server_that_is_being_stopped_gives_up_at_once_and_loses_nothing(
    app: Litestar, till: ATill, clock: Clock
) -> None:
    app.state.services.background_check.run(lambda: False)
    assert (state(app).entries, state(app).is_resting) == (0, False)
    assert check(app, clock) == []
    assert state(app).ended_entries == 6


def test_the_schedule_does_it_and_head_office_and_a_supervisor_see_when(
    app: Litestar, database: Database, office: Client, clock: Clock, settings: Settings
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, office)
    logins(till, 3)
    till.push()
    assert "has not yet read again" in office.get("/exceptions").text
    assert "journal_checked_ms" not in office.get("/ready").json()
    schedule = server_schedule(app.state.services)
    assert schedule._ticker.get_job("read what is stored again") is not None
    check(app, clock)
    log_in(office)
    assert office.get("/api/v1/journal/check").json()["ended_entries"] == 3
    page = office.get("/exceptions").text
    assert "All 3 stored entries were last read again until" in page
    assert "every one is as its till sealed it" in page
    change(database, "ingest_log", "body", 2)
    check(app, clock)
    log_in(office)
    assert "1 places are not as" in office.get("/exceptions").text
    assert "Entry 2 of till 03-1" in office.get("/tills/03-1").text
