"""The last resort of a till: bytes that the server need not understand."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from shared_models import wire
from shared_models.cash import OperatorLoggedIn
from shared_models.sync_api import PushReply
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest import raw_frames
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database, tills=2)
    till = enrolled_till(app, database, client)
    for number in range(3):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))
    return till


def frames(database: Database) -> Sequence[bytes]:
    with database.read() as tx:
        return tx.scalars(select(quarantine.c.raw)).all()


def test_any_bytes_are_kept_once(till: ATill, database: Database) -> None:
    for _ in range(2):
        assert till.send_raw(b"\0\1 not a message").status_code == 202
    assert frames(database) == [b"\0\1 not a message"]


def test_the_till_goes_on_behind_an_entry_that_was_sent_raw(till: ATill, database: Database) -> None:
    till.push(1, 1)
    answer = till.send_raw(wire.pack(till.batch(2, 2)))
    reply = wire.unpack(answer.content, PushReply)
    assert (reply.high, reply.hash) == (2, till.entries[1].hash)
    assert till.push(3, 3).high == 3
    with database.read() as tx:
        assert list(tx.scalars(select(ingest_pos.c.chain_ok).order_by(ingest_pos.c.seq))) == [
            True,
            False,
            True,
        ]


def test_sending_it_raw_again_after_a_lost_answer_says_the_same(till: ATill, database: Database) -> None:
    frame = wire.pack(till.batch(1, 1))
    first = till.send_raw(frame)
    assert till.send_raw(frame).content == first.content
    assert len(frames(database)) == 1


def test_a_raw_entry_that_is_not_the_next_moves_nothing(till: ATill) -> None:
    reply = wire.unpack(till.send_raw(wire.pack(till.batch(3, 3))).content, PushReply)
    assert reply.high == 0


def test_several_entries_in_one_frame_are_kept_and_not_stepped_over(till: ATill) -> None:
    assert till.send_raw(wire.pack(till.batch(1, 3))).status_code == 202


def test_a_raw_entry_of_another_machine_is_kept_and_moves_nothing(
    till: ATill, app: Litestar, database: Database, client: Client
) -> None:
    till.push(1, 1)
    other = enrolled_till(app, database, client, number=2)
    other.entries = till.entries
    assert other.send_raw(wire.pack(other.batch(2, 2))).status_code == 202
    assert till.push(2, 3).high == 3


def test_a_frame_that_can_be_read_after_all_is_booked_when_a_person_says_so(
    till: ATill, app: Litestar, database: Database, office: Client
) -> None:
    till.send_raw(wire.pack(till.batch(1, 1)))
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["reason"] == "raw"
    assert office.post(f"/api/v1/quarantine/{row['quarantine_id']}/retry").status_code == 202
    with database.read() as tx:
        assert tx.scalars(select(ingest_log.c.body)).all() == [till.entries[0].body]
        assert tx.scalar(select(ingest_pos.c.ingest_id)) is not None
    assert app.state.services.applier.drain() == 1
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["resolved_by"] == "Ada"


def test_a_frame_whose_fact_came_by_another_way_is_not_booked_twice(
    till: ATill, database: Database, office: Client
) -> None:
    frame = wire.pack(till.batch(1, 1))
    till.push(1, 1)
    till.send_raw(frame)
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    office.post(f"/api/v1/quarantine/{row['quarantine_id']}/retry")
    with database.read() as tx:
        assert len(tx.scalars(select(ingest_log.c.body)).all()) == 1


def test_a_frame_whose_id_stands_for_another_fact_is_booked_beside_it(
    till: ATill, app: Litestar, database: Database
) -> None:
    till.push(1, 1)
    till.entries.pop()
    till.entries.pop()
    till.record(OperatorLoggedIn("op9", "Eve", "03-1"), event_id=till.entries[0].event_id)
    till.send_raw(wire.pack(till.batch(2, 2)))
    app.state.services.ingest.take_in_raw()
    with database.read() as tx:
        bodies = tx.scalars(select(ingest_log.c.body).order_by(ingest_log.c.ingest_id)).all()
        kinds = tx.scalars(select(exception_case.c.kind).order_by(exception_case.c.kind)).all()
    assert bodies == [entry.body for entry in till.entries]
    assert kinds == ["id_collision", "quarantined"]


def test_a_frame_that_still_cannot_be_read_stays(till: ATill, office: Client) -> None:
    till.send_raw(b"noise")
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert office.post(f"/api/v1/quarantine/{row['quarantine_id']}/retry").status_code == 409
    assert office.post("/api/v1/quarantine/nothing/retry").status_code == 404


def test_the_list_of_what_is_quarantined_comes_in_pages(till: ATill, office: Client) -> None:
    for number in range(5):
        till.send_raw(b"noise %d" % number)
    first = office.get("/api/v1/quarantine", params={"limit": 3}).json()
    rest = office.get("/api/v1/quarantine", params={"limit": 3, "cursor": first["next"]}).json()
    ids = [row["quarantine_id"] for row in first["rows"] + rest["rows"]]
    assert (len(ids), len(set(ids)), rest["next"]) == (5, 5, None)
    assert office.get("/api/v1/quarantine", params={"cursor": "made up"}).status_code == 400
    assert office.get("/api/v1/quarantine", params={"limit": 0}).status_code == 400


@pytest.mark.expects_log
def test_a_frame_is_kept_even_when_the_log_is_broken(till: ATill, database: Database) -> None:
    frame = wire.pack(till.batch(1, 1))
    with database.write() as tx:
        tx.execute(text("drop table ingest_pos"))
    assert till.send_raw(frame).status_code == 202
    assert frames(database) == [frame]


def test_a_good_entry_that_came_raw_is_booked_by_the_server_itself(
    app: Litestar, till: ATill, database: Database, office: Client
) -> None:
    till.push(1, 1)
    till.send_raw(wire.pack(till.batch(2, 2)))
    app.state.services.ingest.take_in_raw()
    with database.read() as tx:
        assert len(tx.scalars(select(ingest_log.c.body)).all()) == 2
        assert all(tx.scalars(select(ingest_pos.c.chain_ok)))
    assert app.state.services.applier.drain() == 2
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["resolved_by"] == "the server"
    assert till.push(3, 3).high == 3


@pytest.mark.parametrize(("taken_in_by", "is_sound"), [("the server", True), ("a person", False)])
def test_an_entry_that_was_taken_in_before_its_turn_is_as_sound_at_its_place_as_it_was_found_to_be(
    app: Litestar, till: ATill, database: Database, office: Client, taken_in_by: str, is_sound: bool
) -> None:
    """The server looks whether it is sealed and signed before it takes one in; a person need not."""
    frame = wire.pack(till.batch(2, 2))
    till.send_raw(frame)
    if taken_in_by == "the server":
        app.state.services.ingest.take_in_raw()
    else:
        office.post(f"/api/v1/quarantine/{sha256(frame).hexdigest()}/retry")
    till.push(1, 1)
    assert wire.unpack(till.send_raw(frame).content, PushReply).high == 2
    with database.read() as tx:
        (place,) = tx.execute(select(ingest_pos).where(ingest_pos.c.seq == 2))
    assert place.ingest_id is not None
    assert place.chain_ok is is_sound


@pytest.mark.expects_log
def test_a_frame_that_the_database_does_not_take_keeps_no_other_waiting(
    app: Litestar, till: ATill, database: Database
) -> None:
    with database.write() as tx:
        tx.execute(text("create unique index one_of_a_kind on ingest_log (type)"))
    till.record_bytes("sale.voided", b"{}")
    for seq in range(1, 5):
        till.send_raw(wire.pack(till.batch(seq, seq)))
    app.state.services.ingest.take_in_raw()
    with database.read() as tx:
        assert sorted(tx.scalars(select(ingest_log.c.type))) == ["operator.logged_in", "sale.voided"]


@pytest.mark.expects_log
def test_a_frame_has_all_its_tries_once_the_disk_has_room_again(
    services: Services, till: ATill, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("database or disk is full"))

    till.send_raw(wire.pack(till.batch(1, 1)))
    with monkeypatch.context() as patch:
        patch.setattr(services.ingest._raw_frames, "file", full)
        assert [services.ingest.take_in_raw() for _ in range(5)] == [False] * 5
    assert services.ingest.take_in_raw()
    with database.read() as tx:
        assert len(tx.scalars(select(ingest_log.c.body)).all()) == 1


def test_a_raw_entry_that_was_edited_waits_for_a_person(
    app: Litestar, till: ATill, database: Database
) -> None:
    batch = till.batch(1, 1)
    edited = msgspec.structs.replace(batch.entries[0], body=batch.entries[0].body.replace(b"Ana", b"Eve"))
    till.send_raw(wire.pack(msgspec.structs.replace(batch, entries=(edited,))))
    for _ in range(5):
        app.state.services.ingest.take_in_raw()
    with database.read() as tx:
        assert tx.scalars(select(ingest_log.c.body)).all() == []
        assert tx.scalar(select(quarantine.c.attempts)) == 3


def test_what_a_revoked_till_sent_raw_waits_for_a_person(
    app: Litestar, till: ATill, database: Database, office: Client
) -> None:
    till.send_raw(wire.pack(till.batch(1, 1)))
    (device,) = [
        row for row in office.get("/api/v1/tills/devices").json()["rows"] if row["till_id"] == "03-1"
    ]
    office.post(f"/api/v1/tills/devices/{device['device_id']}/revoke")
    app.state.services.ingest.take_in_raw()
    with database.read() as tx:
        assert tx.scalars(select(ingest_log.c.body)).all() == []


def test_a_till_that_fills_the_quarantine_hears_why_and_keeps_its_entry_while_others_go_on(
    app: Litestar, till: ATill, database: Database, client: Client
) -> None:
    other = enrolled_till(app, database, client, number=2)
    app.state.services.ingest._raw_frames._most = 2
    first, second, third = (wire.pack(till.batch(seq, seq)) for seq in (1, 2, 3))
    assert [till.send_raw(frame).status_code for frame in (first, second)] == [200, 200]
    refused = till.send_raw(third)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_raw_frames")
    assert "keeps its entries" in refused.json()["detail"]
    assert till.send_raw(first).status_code == 200, "it is there already"
    assert other.send_raw(b"of another till").status_code == 202
    assert till.push(3, 3).high == 3, "the usual way is open"
    app.state.services.ingest.take_in_raw()
    assert till.send_raw(third).status_code == 200, "there is room again"


def test_large_frames_are_taken_in_a_few_at_a_time(
    app: Litestar, till: ATill, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seq in (1, 2, 3):
        till.send_raw(wire.pack(till.batch(seq, seq)))
    monkeypatch.setattr(raw_frames, "_BYTES_AT_ONCE", 2 * len(max(frames(database), key=len)))
    taken = []
    for _ in range(3):
        app.state.services.ingest.take_in_raw()
        with database.read() as tx:
            taken.append(len(tx.scalars(select(ingest_log.c.body)).all()))
    assert taken == [2, 3, 3]
