"""A machine becomes a store's hub, hears of its store, and passes on what its tills sealed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import select

from shared_models import wire
from shared_models.hub_api import HubEnrolRequest
from shared_models.signing import new_private_key, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import PushReply
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine
from tests.sync_server.a_hub import AHub, enrolled_hub, hub_code
from tests.sync_server.a_till import ATill, Client, code_for, enrolled_till, open_store, push_of
from tests.sync_server.made_up_days import a_line, a_sale


@pytest.fixture
def shop(app: Litestar, database: Database) -> Litestar:
    open_store(app, database, tills=2)
    with database.write() as tx:
        app.state.services.stores.create(tx, StoreConfig(store_id="04", name="Other", currency="EUR"))
        app.state.services.stores.add_till(tx, "04-1", "04", "")
    return app


@pytest.fixture
def hub(shop: Litestar, database: Database, client: Client) -> AHub:
    return enrolled_hub(shop, database, client)


@pytest.fixture
def till(shop: Litestar, database: Database, client: Client) -> ATill:
    till = enrolled_till(shop, database, client)
    for number in range(1, 5):
        till.record(a_sale(number, a_line(1, "p1", number, 99)))
    return till


def passed_on(hub: AHub, till: ATill, first_seq: int = 1, last_seq: int | None = None) -> PushReply:
    answer = hub.pass_on(till.device_id, till.batch(first_seq, last_seq))
    assert answer.status_code == 200, answer.text
    return wire.unpack(answer.content, PushReply)


def stored(database: Database) -> list[tuple[bytes, bytes]]:
    with database.read() as tx:
        rows = tx.execute(select(ingest_log.c.event_id, ingest_log.c.body).order_by(ingest_log.c.seq))
        return [(bytes(row.event_id), bytes(row.body)) for row in rows]


def test_a_code_for_a_hub_makes_a_machine_the_hub_of_that_store(hub: AHub) -> None:
    assert hub.enrolled is not None
    assert (hub.enrolled.store_id, hub.enrolled.store_name) == ("03", "Corner")


def test_a_code_for_a_till_makes_no_hub_and_a_hubs_code_no_till(
    shop: Litestar, database: Database, client: Client
) -> None:
    assert AHub(client, code_for(shop, database)).enrol().status_code == 403
    assert ATill(client, hub_code(shop, database)).enrol().status_code == 403


def test_a_hubs_code_is_used_once_but_a_lost_answer_may_be_asked_for_again(hub: AHub, client: Client) -> None:
    first = hub.enrolled
    assert hub.enrol().status_code == 200
    assert hub.enrolled == first
    assert AHub(client, hub.code, "hub-0002").enrol().status_code == 403
    hub.key = new_private_key()
    assert hub.enrol().status_code == 403


def test_a_store_has_one_hub_and_a_new_one_shuts_the_one_before_out(
    hub: AHub, shop: Litestar, database: Database, client: Client
) -> None:
    second = AHub(client, hub_code(shop, database), "hub-0002")
    assert second.enrol().status_code == 200
    answer = hub.hello()
    assert (answer.status_code, answer.json()["code"]) == (403, "hub_revoked")


def test_a_hub_hears_which_machines_may_log_in_at_it(hub: AHub, till: ATill, office: Client) -> None:
    heard = hub.greeted()
    assert msgspec.json.decode(heard.store, type=StoreConfig).name == "Corner"
    assert [one.till_id for one in heard.tills] == ["03-1", "03-2"]
    assert [(one.device_id, one.till_id, one.state) for one in heard.devices] == [
        (till.device_id, "03-1", "active")
    ]
    office.post(f"/api/v1/tills/devices/{till.device_id}/revoke")
    assert [one.state for one in hub.greeted().devices] == ["revoked"]


def test_a_hub_hears_how_far_the_journals_are_that_it_names(hub: AHub, till: ATill) -> None:
    unknown = b"u" * 16
    assert hub.greeted(journals=(till.incarnation, unknown)).journals == ()
    till.push(1, 3)
    (heard,) = hub.greeted(journals=(till.incarnation, unknown)).journals
    verdict = heard.verdict
    assert heard.device_id == till.device_id
    assert (verdict.high, verdict.hash) == (3, till.entries[2].hash)


def test_a_hub_hears_nothing_of_another_stores_journal(
    hub: AHub, shop: Litestar, database: Database, client: Client
) -> None:
    other = ATill(client, code_for(shop, database, "04-1"), "device-0004")
    other.enrol()
    other.log_in()
    other.record(a_sale(1, a_line(1, "p1", 1, 99), till="04-1"))
    other.push()
    heard = hub.greeted(journals=(other.incarnation,))
    assert (heard.journals, heard.devices) == ((), ())
    answer = hub.pass_on(other.device_id, other.batch())
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_till")


def test_what_a_hub_passes_on_is_stored_as_if_the_till_had_sent_it(
    hub: AHub, till: ATill, database: Database
) -> None:
    reply = passed_on(hub, till)
    assert (reply.high, reply.hash) == (4, till.entries[-1].hash)
    assert stored(database) == [(entry.event_id, entry.body) for entry in till.entries]
    with database.read() as tx:
        assert set(tx.scalars(select(ingest_pos.c.chain_ok))) == {True}
        assert set(tx.scalars(select(ingest_log.c.till_id))) == {"03-1"}


def test_what_comes_both_ways_is_stored_once(hub: AHub, till: ATill, database: Database) -> None:
    till.push(1, 2)
    assert passed_on(hub, till, 1, 3).high == 3
    assert till.push(2, 4).high == 4
    assert passed_on(hub, till).high == 4
    assert stored(database) == [(entry.event_id, entry.body) for entry in till.entries]


def test_a_hub_can_forge_no_entry_of_a_till(hub: AHub, till: ATill, database: Database) -> None:
    till.push()
    forged = ATill(till.client, "", till.device_id)
    forged.incarnation, forged.sign = till.incarnation, signer(new_private_key())
    forged.entries = list(till.entries)
    forged.record(a_sale(5, a_line(1, "p1", 1, 999_99)))
    answer = hub.pass_on(till.device_id, push_of(forged.entries[4:]))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_as_sealed")
    assert len(stored(database)) == 4


def test_a_hub_can_alter_no_entry_of_a_till(hub: AHub, till: ATill, database: Database) -> None:
    batch = till.batch()
    dearer = msgspec.structs.replace(batch.entries[1], body=batch.entries[0].body)
    altered = (batch.entries[0], dearer, *batch.entries[2:])
    answer = hub.pass_on(till.device_id, msgspec.structs.replace(batch, entries=altered))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_as_sealed")
    assert stored(database) == []
    assert passed_on(hub, till).high == 4


def test_entries_of_a_revoked_till_come_by_the_raw_path_only(
    hub: AHub, till: ATill, office: Client, database: Database
) -> None:
    office.post(f"/api/v1/tills/devices/{till.device_id}/revoke")
    answer = hub.pass_on(till.device_id, till.batch(1, 1))
    assert (answer.status_code, answer.json()["code"]) == (403, "till_revoked")
    assert hub.pass_on_raw(till.device_id, wire.pack(till.batch(1, 1))).status_code == 200
    with database.read() as tx:
        assert tx.scalars(select(quarantine.c.till_id)).all() == ["03-1"]


def test_a_raw_frame_of_a_till_that_is_not_known_any_more_is_kept(hub: AHub, database: Database) -> None:
    assert hub.pass_on_raw("gone-device", b"anything").status_code == 202
    with database.read() as tx:
        row = tx.execute(select(quarantine)).one()
    assert (row.device_id, row.till_id, row.store_id) == ("gone-device", "", "03")


def test_a_till_is_no_hub_and_a_hub_no_till(hub: AHub, till: ATill) -> None:
    hub.token, own = till.token, hub.token
    assert hub.hello().status_code == 403
    assert hub.pass_on(till.device_id, till.batch()).status_code == 403
    till.token = own
    assert till.send(till.batch()).status_code == 401
    assert till.hello().status_code == 401


def test_a_hub_follows_the_feed_of_its_store_as_a_till_does(hub: AHub) -> None:
    assert hub.get("/sync/feed", stream="config/03", epoch="", after=0).status_code == 200
    assert hub.get("/sync/feed", stream="config/04", epoch="", after=0).status_code == 403
    assert hub.get("/sync/snapshot/03").status_code == 200
    assert hub.get("/sync/snapshot/04").status_code == 403


def test_the_office_makes_codes_sees_hubs_and_shuts_them_out(
    hub: AHub, office: Client, client: Client, clock: Any
) -> None:
    answer = office.post("/api/v1/hubs/enrol-codes", json={"store_id": "04"})
    assert answer.status_code == 201
    assert AHub(client, answer.json()["code"], "hub-of-04").enrol().status_code == 200
    clock.advance(60_000)
    hub.greeted(waiting=7, oldest_waiting_ms=clock.now - 5000)
    seen = {row["hub_id"]: row for row in office.get("/api/v1/hubs").json()["rows"]}
    assert (seen["hub-of-03"]["waiting"], seen["hub-of-03"]["oldest_waiting_ms"]) == (7, clock.now - 5000)
    assert seen["hub-of-03"]["last_seen_ms"] == clock.now
    assert office.post("/api/v1/hubs/hub-of-03/revoke").status_code == 204
    assert hub.hello().status_code == 403
    assert hub.get("/sync/feed", stream="config/03").status_code == 403


@pytest.mark.parametrize("key", [b"\4" * 65, b""])
def test_a_hub_without_a_proper_key_is_not_enrolled(
    shop: Litestar, database: Database, client: Client, key: bytes
) -> None:
    asked = HubEnrolRequest(code=hub_code(shop, database), hub_id="hub-0001", public_key=key)
    assert client.post("/sync/hub/enrol", content=wire.pack(asked)).status_code == 400
