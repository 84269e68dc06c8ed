"""What a push may do to the server's journal: everything once, nothing refused, nothing believed unseen."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import func, select

from shared_models import journal
from shared_models.cash import OperatorLoggedIn
from shared_models.signing import new_private_key, signer
from shared_models.sync_api import PushReply, SegmentState
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.chain import stamped
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, ingest_queue
from sync_server.sync_messages import TillIdentity
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store, push_of


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database, tills=2)
    return enrolled_till(app, database, client)


def logins(till: ATill, count: int) -> None:
    for number in range(count):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))


def stored(database: Database) -> list[bytes]:
    with database.read() as tx:
        return list(tx.scalars(select(ingest_log.c.body).order_by(ingest_log.c.ingest_id)))


def positions(database: Database) -> list[tuple[int, bool]]:
    with database.read() as tx:
        query = select(ingest_pos.c.seq, ingest_pos.c.chain_ok).order_by(
            ingest_pos.c.incarnation, ingest_pos.c.seq
        )
        return [(row.seq, row.chain_ok) for row in tx.execute(query)]


def cases(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.scalars(select(exception_case.c.kind).order_by(exception_case.c.case_id)))


def test_what_was_acknowledged_is_stored_byte_for_byte(till: ATill, database: Database) -> None:
    logins(till, 3)
    reply = till.push()
    assert (reply.high, reply.hash) == (3, till.entries[-1].hash)
    assert stored(database) == [entry.body for entry in till.entries]
    assert positions(database) == [(1, True), (2, True), (3, True)]
    assert cases(database) == []


def test_a_doubled_push_changes_nothing(till: ATill, database: Database) -> None:
    logins(till, 3)
    assert till.push() == till.push()
    assert len(stored(database)) == 3


def test_a_touched_push_whose_answer_was_lost_is_the_same_again_and_no_other_journal(
    till: ATill, database: Database
) -> None:
    logins(till, 3)
    first = till.push(head_hash=b"?" * 32)
    again = till.push(head_hash=b"?" * 32)
    assert (again.high, again.hash) == (first.high, first.hash) == (3, b"?" * 32)
    assert cases(database) == ["broken_chain", "bad_signature"]


def test_a_retry_with_another_cut_stores_only_what_is_new(till: ATill, database: Database) -> None:
    logins(till, 5)
    till.push(1, 3)
    reply = till.push(2, 5)
    assert reply.high == 5
    assert [seq for seq, _ in positions(database)] == [1, 2, 3, 4, 5]


def test_a_gap_stores_nothing_and_says_where_to_go_on(till: ATill, database: Database) -> None:
    logins(till, 5)
    till.push(1, 2)
    reply = till.push(4, 5)
    assert (reply.high, reply.hash) == (2, till.entries[1].hash)
    assert len(stored(database)) == 2


def test_a_till_that_the_server_never_met_may_not_start_in_the_middle(till: ATill) -> None:
    logins(till, 3)
    reply = till.push(2, 3)
    assert (reply.high, reply.hash) == (0, journal.START)


def test_a_fork_is_answered_with_what_the_server_holds_and_shown_to_a_person(
    till: ATill, database: Database
) -> None:
    logins(till, 3)
    till.push()
    truth = till.entries[-1].hash
    del till.entries[1:]
    till.record(OperatorLoggedIn("other", "Eve", "03-1"))
    till.record(OperatorLoggedIn("other", "Eve", "03-1"))
    till.record(OperatorLoggedIn("other", "Eve", "03-1"))
    for batch in (till.batch(2, 4), till.batch(4, 4)):
        reply = till.send(batch)
        assert reply.status_code == 200
    assert (till.push(4, 4).high, till.push(4, 4).hash) == (3, truth)
    assert len(stored(database)) == 3
    assert cases(database) == ["journal_forked"]


RECORDED_MS = 1_790_000_000_000


def test_a_restored_till_is_noticed_at_its_hello(till: ATill, database: Database) -> None:
    logins(till, 3)
    till.push()
    del till.entries[1:]
    (verdict,) = till.greeted(till_time_ms=RECORDED_MS + 60_000).segments
    assert (verdict.high, verdict.state) == (3, "active")
    assert cases(database) == ["journal_forked"]
    (verdict,) = till.greeted(till_time_ms=RECORDED_MS + 61_000).segments
    assert verdict.state == "forked"


def test_a_hello_that_the_line_held_back_until_after_a_push_is_no_restored_till(
    till: ATill, database: Database
) -> None:
    logins(till, 1)
    till.push()
    said = {"till_time_ms": RECORDED_MS + 500, "segments": (segment_of(till),)}
    till.record(OperatorLoggedIn("op2", "Ana", "03-1"), at_ms=RECORDED_MS + 1000)
    till.push(2)
    (verdict,) = till.greeted(**said).segments
    assert (verdict.high, verdict.state) == (2, "active")
    assert cases(database) == []


def test_a_hello_from_before_is_no_excuse_for_another_journal(till: ATill, database: Database) -> None:
    logins(till, 2)
    till.push()
    other = msgspec.structs.replace(segment_of(till), head_seq=1, head_hash=bytes(32))
    till.greeted(till_time_ms=RECORDED_MS - 60_000, segments=(other,))
    assert cases(database) == ["journal_forked"]


def test_where_nobody_can_say_when_an_entry_was_made_the_hello_counts(
    till: ATill, database: Database
) -> None:
    logins(till, 1)
    till.record_bytes("odd", b"no JSON")
    till.push()
    del till.entries[1:]
    till.greeted(till_time_ms=RECORDED_MS - 60_000)
    assert cases(database) == ["journal_forked"]


def segment_of(till: ATill) -> SegmentState:
    return SegmentState(
        incarnation=till.incarnation,
        head_seq=len(till.entries),
        head_hash=till.entries[-1].hash,
        acked=len(till.entries),
    )


def test_hello_says_what_is_stored_of_each_incarnation(till: ATill) -> None:
    logins(till, 2)
    (unknown,) = till.greeted().segments
    assert (unknown.high, unknown.hash) == (0, journal.START)
    till.push()
    (known,) = till.greeted().segments
    assert (known.high, known.hash) == (2, till.entries[-1].hash)


def test_a_body_that_was_edited_at_the_till_is_stored_and_reported(till: ATill, database: Database) -> None:
    logins(till, 3)
    forged = msgspec.structs.replace(till.entries[1], body=till.entries[1].body.replace(b"op1", b"op9"))
    reply = till.send(push_of([till.entries[0], forged, till.entries[2]]))
    assert reply.status_code == 200
    assert [ok for _, ok in positions(database)] == [False, False, False]
    assert stored(database)[1] == forged.body
    assert cases(database) == ["broken_chain"]
    logins(till, 1)
    assert till.push(4, 4).high == 4, "the journal goes on behind the forgery"
    assert [ok for _, ok in positions(database)] == [False, False, False, True]


def test_a_journal_that_does_not_start_where_its_parent_ended_is_stored_and_reported(
    till: ATill, database: Database
) -> None:
    logins(till, 1)
    reply = till.push(parent=b"p" * 16, parent_seq=4, parent_hash=b"h" * 32)
    assert reply.high == 1
    assert cases(database) == ["broken_chain"]


def test_a_new_incarnation_goes_on_from_its_parent(till: ATill, database: Database) -> None:
    logins(till, 2)
    till.push()
    parent, at = till.incarnation, till.entries[-1]
    till.incarnation, till.entries = b"n" * 16, []
    start = journal.first_prev(parent, at.seq, at.hash)
    entry = journal.seal(till.incarnation, 1, b"e" * 16, "x", 1, b"{}", start, till.sign)
    till.entries.append(entry)
    reply = till.push(parent=parent, parent_seq=at.seq, parent_hash=at.hash)
    assert reply.high == 1
    assert cases(database) == []


@pytest.mark.parametrize("how", ["another key", "another algorithm", "nothing"])
def test_a_bad_signature_is_stored_and_reported(till: ATill, database: Database, how: str) -> None:
    if how == "another key":
        till.sign = signer(new_private_key())
    logins(till, 2)
    if how == "another algorithm":
        till.entries[-1] = msgspec.structs.replace(till.entries[-1], algorithm="none")
    if how == "nothing":
        till.entries[-1] = msgspec.structs.replace(till.entries[-1], signature=b"")
    reply = till.push()
    assert reply.high == 2
    assert [note.reason for note in reply.notes] == ["bad_signature"]
    assert positions(database) == [(1, True), (2, False)]
    assert cases(database) == ["bad_signature"]


def test_an_entry_stamped_again_in_a_new_incarnation_is_one_fact(till: ATill, database: Database) -> None:
    logins(till, 2)
    till.push()
    old = till.entries[1]
    till.incarnation, till.entries = b"n" * 16, []
    till.record_bytes(old.type, old.body, old.event_id)
    assert till.push().high == 1
    assert len(stored(database)) == 2
    assert len(positions(database)) == 3


def test_one_id_for_two_facts_keeps_both_and_tells_a_person(till: ATill, database: Database) -> None:
    till.record(OperatorLoggedIn("op1", "Ana", "03-1"), event_id=b"same id same id.")
    till.record(OperatorLoggedIn("op2", "Ben", "03-1"), event_id=b"same id same id.")
    reply = till.push()
    assert [note.reason for note in reply.notes] == ["id_collision"]
    till.record(OperatorLoggedIn("op3", "Cem", "03-1"), event_id=b"same id same id.")
    till.push(3, 3)
    till.push(3, 3)
    assert stored(database) == [entry.body for entry in till.entries]
    assert cases(database) == ["id_collision", "id_collision"]


def test_one_fact_twice_in_a_batch_is_one_fact(till: ATill, database: Database) -> None:
    body = OperatorLoggedIn("op1", "Ana", "03-1")
    till.record(body, event_id=b"same id same id.")
    till.record(body, event_id=b"same id same id.")
    assert till.push().high == 2
    assert len(stored(database)) == 1
    assert len(positions(database)) == 2


def test_two_stores_may_not_write_into_one_journal(
    till: ATill, app: Litestar, database: Database, client: Client
) -> None:
    logins(till, 1)
    till.push()
    thief = enrolled_till(app, database, client, number=2)
    thief.entries = till.entries
    answer = thief.send(thief.batch())
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_journal")
    thief.incarnation = till.incarnation
    (verdict,) = thief.greeted().segments
    assert (verdict.high, verdict.state) == (0, "foreign")


def test_what_the_log_has_no_place_for_is_refused_so_that_the_till_sends_it_raw(
    till: ATill, database: Database
) -> None:
    logins(till, 1)
    entry = till.entries[0]
    wrong: list[dict[str, Any]] = [
        {"first_seq": 0},
        {"first_seq": 1 << 63},
        {"prev": b"short"},
        {"head_hash": b""},
        {"incarnation": b"short"},
        {"entries": ()},
        {"parent": b"x" * 100},
    ]
    for changes in wrong:
        assert till.send(push_of(till.entries, **changes)).status_code == 400, changes
    odd: list[dict[str, Any]] = [
        {"type": "a\0b"},
        {"type": ""},
        {"type": "x" * 100},
        {"event_id": b""},
        {"schema": -1},
        {"signature": b"s" * 1000},
        {"algorithm": "a\0"},
    ]
    for changes in odd:
        assert till.send(push_of([msgspec.structs.replace(entry, **changes)])).status_code == 400, changes
    assert stored(database) == []


def test_a_push_without_a_token_is_not_listened_to(till: ATill, client: Client) -> None:
    logins(till, 1)
    till.token = ""
    assert till.send(till.batch()).status_code == 401


def test_what_is_stored_waits_to_be_applied(till: ATill, database: Database) -> None:
    logins(till, 4)
    till.push()
    with database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_queue)) == 4
        assert tx.scalar(select(incarnation.c.high)) == 4


def test_one_fact_pushed_twice_at_the_same_moment_is_one_fact(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 3)
    first = till.batch()
    old = till.entries
    till.incarnation, till.entries = b"n" * 16, []
    for entry in old:
        till.record_bytes(entry.type, entry.body, entry.event_id)
    second = till.batch()
    services = app.state.services
    who = TillIdentity("device-0001", "03-1", "03")
    replies: list[PushReply] = []
    other = threading.Thread(target=lambda: replies.append(services.ingest.push(who, second)))
    with database.write() as tx:
        services.admission.admit(tx, who, services.tills.public_key(tx, who), stamped(first))
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the second push waits for the first"
    other.join(20)
    assert [reply.high for reply in replies] == [3]
    assert len(stored(database)) == 3
    assert len(positions(database)) == 6


def test_a_server_whose_connections_are_all_in_use_asks_for_patience(till: ATill, database: Database) -> None:
    till.record(OperatorLoggedIn("op1", "Ana", "03-1"))
    pool: Any = database.engine.pool
    with ExitStack() as taken:
        for _ in range(pool.size() + pool._max_overflow):
            taken.enter_context(database.engine.connect())
        pool._timeout = 0.05
        answer = till.send(till.batch(1, 1))
    assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
    assert int(answer.headers["retry-after"]) > 0
    assert till.push(1, 1).high == 1
