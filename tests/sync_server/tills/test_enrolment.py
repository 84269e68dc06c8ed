"""How a machine becomes a till, proves it, and is shut out again."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar

from shared_models import wire
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import EnrolRequest
from sync_server.database import Database
from tests.sync_server.a_till import ATill, Client, code_for, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD


@pytest.fixture
def shop(app: Litestar, database: Database) -> Litestar:
    open_store(app, database, tills=2)
    return app


@pytest.fixture
def till(shop: Litestar, database: Database, client: Client) -> ATill:
    return ATill(client, code_for(shop, database))


def test_a_code_makes_a_machine_a_till_of_its_store(till: ATill) -> None:
    assert till.enrol().status_code == 200
    assert till.enrolled is not None
    assert (till.enrolled.store_id, till.enrolled.till_id) == ("03", "03-1")
    assert till.enrolled.store_name == "Corner"
    assert till.log_in().status_code == 200


def test_a_code_typed_in_small_letters_without_hyphens_is_the_same_code(till: ATill) -> None:
    till.code = till.code.replace("-", " ").lower()
    assert till.enrol().status_code == 200


def test_a_code_enrols_one_machine_only(till: ATill, client: Client) -> None:
    till.enrol()
    second = ATill(client, till.code, "device-0002")
    answer = second.enrol()
    assert answer.status_code == 403
    assert answer.json()["code"] == "wrong_enrol_code"


def test_enrolling_again_after_a_lost_answer_gives_the_same_answer(till: ATill) -> None:
    first = till.enrol()
    again = till.enrol()
    assert (again.status_code, again.content) == (200, first.content)


def test_a_lost_answer_does_not_let_another_key_in(till: ATill) -> None:
    till.enrol()
    till.key = new_private_key()
    assert till.enrol().status_code == 403


def test_a_code_runs_out(till: ATill, clock: Any) -> None:
    clock.advance(24 * 3600 * 1000)
    assert till.enrol().status_code == 403


def test_a_made_up_code_enrols_nobody(till: ATill) -> None:
    till.code = "AAAA-BBBB-CCCC"
    assert till.enrol().status_code == 403


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"public_key": b"\4" * 65}, 400),
        ({"public_key": b""}, 400),
        ({"device_id": "x"}, 400),
        ({"device_id": "größer-als-ascii"}, 400),
        ({"protocol": 0}, 426),
    ],
)
def test_an_enrolment_that_makes_no_sense_uses_up_no_code(
    till: ATill, client: Client, changes: dict[str, Any], status: int
) -> None:
    values: dict[str, Any] = {
        "code": till.code,
        "device_id": till.device_id,
        "public_key": public_key_of(till.key),
    }
    answer = client.post("/sync/enrol", content=wire.pack(EnrolRequest(**values | changes)))
    assert answer.status_code == status
    assert till.enrol().status_code == 200


def test_a_message_that_is_no_message_is_refused_in_words(client: Client) -> None:
    answer = client.post("/sync/enrol", content=b"hello")
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_message"


def test_a_new_machine_in_the_same_place_shuts_the_old_one_out(
    shop: Litestar, database: Database, client: Client
) -> None:
    old = enrolled_till(shop, database, client)
    new = ATill(client, code_for(shop, database), "device-0009")
    assert new.enrol().status_code == 200
    answer = old.hello()
    assert (answer.status_code, answer.json()["code"]) == (403, "till_revoked")


def test_a_machine_cannot_be_enrolled_twice(shop: Litestar, database: Database, client: Client) -> None:
    till = enrolled_till(shop, database, client)
    till.code = code_for(shop, database, "03-2")
    assert till.enrol().status_code == 403


def test_a_challenge_is_answered_once(till: ATill, client: Client) -> None:
    till.enrol()
    from shared_models.sync_api import Challenge

    nonce = wire.unpack(client.get("/sync/challenge").content, Challenge).nonce
    assert till.log_in(nonce).status_code == 200
    assert till.log_in(nonce).status_code == 401


def test_a_challenge_of_ones_own_making_is_no_challenge(till: ATill) -> None:
    till.enrol()
    assert till.log_in("made-up").status_code == 401


def test_a_token_of_the_office_is_no_challenge(till: ATill, office: Client) -> None:
    till.enrol()
    assert till.log_in(office.headers["Authorization"].split()[1]).status_code == 401


def test_another_key_gets_no_token(till: ATill) -> None:
    till.enrol()
    till.sign = signer(new_private_key())
    assert till.log_in().status_code == 401


def test_an_unknown_machine_gets_no_token(till: ATill) -> None:
    assert till.log_in().status_code == 401


def test_a_till_without_a_token_is_told_to_log_in(till: ATill) -> None:
    till.enrol()
    assert till.hello().status_code == 401


def test_a_tills_token_opens_nothing_of_the_office(
    shop: Litestar, database: Database, client: Client
) -> None:
    till = enrolled_till(shop, database, client)
    assert client.get("/api/v1/stores", headers=till.headers).status_code == 401


def test_a_revoked_till_may_only_send_raw(
    shop: Litestar, database: Database, client: Client, office: Client
) -> None:
    till = enrolled_till(shop, database, client)
    assert office.post(f"/api/v1/tills/devices/{till.device_id}/revoke").status_code == 204
    assert till.hello().status_code == 403
    assert client.get("/sync/feed", params={"stream": "catalogue"}, headers=till.headers).status_code == 403
    assert till.log_in().status_code == 200
    assert till.send_raw(b"last sales").status_code in (200, 202)


def test_revoking_nobody_is_told(office: Client) -> None:
    assert office.post("/api/v1/tills/devices/nobody/revoke").status_code == 404


def test_hello_tells_the_office_how_the_till_is(
    shop: Litestar, database: Database, client: Client, office: Client
) -> None:
    till = enrolled_till(shop, database, client)
    reply = till.greeted()
    assert reply.server_time_ms == 1_790_000_000_000
    (device,) = office.get("/api/v1/tills/devices").json()["rows"]
    assert (device["unsent"], device["free_mb"], device["app"]) == (7, 900, "evertill 0.2")
    assert device["clock_offset_ms"] == 5000


def test_a_till_of_another_protocol_is_told_to_update(
    shop: Litestar, database: Database, client: Client
) -> None:
    till = enrolled_till(shop, database, client)
    assert till.hello(protocol=0).status_code == 426


def test_head_office_makes_codes_over_http(shop: Litestar, office: Client) -> None:
    made = office.post("/api/v1/tills/enrol-codes", json={"till_id": "03-2"}).json()
    till = ATill(office, made["code"], "device-0002")
    assert till.enrol().status_code == 200
    assert till.enrolled is not None
    assert till.enrolled.till_id == "03-2"
    assert office.post("/api/v1/tills/enrol-codes", json={"till_id": "99-9"}).status_code == 404


def test_a_token_for_a_device_that_is_gone_is_refused(
    shop: Litestar, database: Database, client: Client
) -> None:
    till = enrolled_till(shop, database, client)
    from sqlalchemy import delete

    from sync_server.tills.tables import device

    with database.write() as tx:
        tx.execute(delete(device))
    assert till.hello().status_code == 401


def test_a_manager_of_one_store_gets_full_pages_of_its_machines(
    shop: Litestar, database: Database, client: Client
) -> None:
    services = shop.state.services
    with database.write() as tx:
        services.stores.create(tx, StoreConfig(store_id="04", name="Hill", currency="EUR"))
        services.stores.add_till(tx, "04-1", "04", "")
        services.accounts.create(tx, "Mo", PASSWORD, "manager", "03")
    codes = [("04-1", "device-0001"), ("03-1", "device-0002"), ("03-2", "device-0003")]
    for till_id, device_id in codes:
        assert ATill(client, code_for(shop, database, till_id), device_id).enrol().status_code == 200
    token = client.post("/api/v1/auth/login", json={"name": "Mo", "password": PASSWORD}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    page = client.get("/api/v1/tills/devices", params={"limit": 2}, headers=headers).json()
    assert [row["till_id"] for row in page["rows"]] == ["03-1", "03-2"]
