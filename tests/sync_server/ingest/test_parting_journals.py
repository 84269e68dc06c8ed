"""What the server says of a journal that went two ways, and what it tells head office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from shared_models import journal, wire
from shared_models.cash import OperatorLoggedIn
from shared_models.continuity import IncarnationOpened
from shared_models.journal import first_prev
from shared_models.sync_api import MAX_PROBES, HashesReply, HashesRequest
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import incarnation
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database, tills=2)
    return enrolled_till(app, database, client)


def logins(till: ATill, count: int) -> None:
    for number in range(count):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))


def asked(till: ATill, seqs: Sequence[int], incarnation: bytes = b"") -> Any:
    request = HashesRequest(incarnation=incarnation or till.incarnation, seqs=tuple(seqs))
    return till.client.post("/sync/hashes", content=wire.pack(request), headers=till.headers)


def held(till: ATill, seqs: Sequence[int]) -> tuple[bytes, ...]:
    return wire.unpack(asked(till, seqs).content, HashesReply).hashes


def goes_on_after(till: ATill, seq: int, again: int = 0) -> dict[str, Any]:
    """The till leaves its journal there; gives what a push of the new one says of its parent."""
    left = till.entries[:seq]
    tail = till.entries[seq : seq + again]
    parent = (till.incarnation, seq, left[-1].hash if left else journal.START)
    till.incarnation = b"n" * 16
    till.entries = []
    till.first_prev = first_prev(*parent)
    opened = IncarnationOpened(
        till_id="03-1",
        reason="diverged",
        parent=parent[0].hex(),
        parent_seq=seq,
        stamped_again=again,
        series="K7Q",
        seen_seq=9,
    )
    till.record(opened)
    for entry in tail:
        till.record_bytes(entry.type, entry.body, entry.event_id)
    return {"parent": parent[0], "parent_seq": seq, "parent_hash": parent[2]}


def cases(database: Database) -> dict[str, str]:
    with database.read() as tx:
        rows = tx.execute(select(exception_case.c.kind, exception_case.c.sentence))
        return {row.kind: row.sentence for row in rows}


def test_the_hashes_of_a_journal_are_told_where_there_are_entries(till: ATill) -> None:
    logins(till, 5)
    till.push()
    hashes = [entry.hash for entry in till.entries]
    assert held(till, (1, 5, 3)) == (hashes[0], hashes[4], hashes[2])
    assert held(till, (5, 6, 1 << 61)) == (hashes[4], b"", b"")
    answer = asked(till, (1, 2), b"never heard of it")
    assert wire.unpack(answer.content, HashesReply).hashes == (b"", b"")


def test_of_one_entry_it_is_said_in_the_singular(till: ATill, app: Litestar, database: Database) -> None:
    logins(till, 8)
    till.push()
    till.push(**goes_on_after(till, 7, again=1))
    app.state.services.applier.drain()
    story = cases(database)["journal_restarted"]
    assert "One entry came again, and counts once. Entry 9 of the series before never arrived" in story


@pytest.mark.parametrize("seqs", [(0,), (-1,), (1 << 62,), tuple(range(1, MAX_PROBES + 2))])
def test_a_place_that_no_journal_has_is_refused_in_words(till: ATill, seqs: tuple[int, ...]) -> None:
    logins(till, 1)
    till.push()
    answer = asked(till, seqs)
    assert answer.status_code == 400
    assert "hashes" in answer.json()["detail"]


def test_another_tills_hashes_are_not_told(
    till: ATill, app: Litestar, database: Database, client: Client
) -> None:
    logins(till, 1)
    till.push()
    other = enrolled_till(app, database, client, number=2)
    answer = asked(other, (1,), till.incarnation)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_journal")


def test_a_new_life_of_a_journal_is_told_with_what_never_arrived(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 6)
    till.push(1, 5)
    parent = goes_on_after(till, 5, again=1)
    assert till.push(**parent).high == 2
    app.state.services.applier.drain()
    said = cases(database)["journal_restarted"]
    assert "began receipt series K7Q after entry 5" in said
    assert "One entry came again" in said
    assert "Entries 6 to 9" in said
    with database.read() as tx:
        rows = tx.execute(select(incarnation.c.incarnation, incarnation.c.state))
        states = {bytes(row.incarnation): row.state for row in rows}
    assert states == {parent["parent"]: "superseded", till.incarnation: "active"}


def test_a_machine_that_goes_on_in_a_journal_that_was_left_is_a_second_one(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 5)
    till.push(1, 3)
    before = (till.incarnation, till.entries)
    parent = goes_on_after(till, 4)
    till.push(**parent)
    till.incarnation, till.entries = before
    till.push(4, 4)
    assert "till_cloned" not in cases(database), "entry 4 belongs to both"
    till.push(5, 5)
    assert "two machines at once" in cases(database)["till_cloned"]


def test_a_second_machine_is_noticed_too_where_the_new_life_arrived_before_the_old_one(
    till: ATill, database: Database
) -> None:
    logins(till, 5)
    before = (till.incarnation, till.entries)
    parent = goes_on_after(till, 4)
    till.push(**parent)
    till.incarnation, till.entries = before
    till.push(1, 4)
    assert "till_cloned" not in cases(database)
    till.push(5, 5)
    assert "two machines at once" in cases(database)["till_cloned"]


def test_a_till_that_was_left_is_not_reported_again_at_every_hello(
    till: ATill, app: Litestar, database: Database
) -> None:
    logins(till, 5)
    till.push()
    before = (till.incarnation, till.entries[:3])
    till.push(**goes_on_after(till, 3))
    till.incarnation, till.entries = before
    (verdict,) = till.greeted().segments
    assert (verdict.high, verdict.state) == (5, "superseded")
    assert "journal_forked" not in cases(database)


def test_the_machine_that_replaced_another_delivers_what_that_one_sealed(
    till: ATill, app: Litestar, database: Database, client: Client
) -> None:
    logins(till, 4)
    till.push(1, 2)
    fresh = enrolled_till(app, database, client, device_id="device-0009")
    fresh.incarnation, fresh.entries = till.incarnation, till.entries
    (verdict,) = fresh.greeted().segments
    assert (verdict.high, verdict.state) == (2, "active")
    assert fresh.push(3, 4).notes == ()
    assert held(fresh, (4,)) == (till.entries[-1].hash,)
    fresh.record(OperatorLoggedIn("op9", "Eve", "03-1"))
    assert [note.reason for note in fresh.push(5, 5).notes] == ["bad_signature"]
