"""Cursors and numbers that no list of ours gave: refused in words, on both databases."""

from __future__ import annotations

import base64
import json

import pytest
from litestar import Litestar

from shared_models.store_config import StoreConfig
from sync_server.database import Database
from tests.sync_server.a_till import ATill, Client, code_for, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.made_up_days import a_sale, an_opening

HUGE, TOO_LARGE = 10**30, 2**63
FORGED: dict[str, list[tuple[object, ...]]] = {
    "/api/v1/sales": [(HUGE, "aa"), (TOO_LARGE, "aa"), (1, "\0"), (1, "zz"), (-HUGE, "aa")],
    "/api/v1/shifts": [(HUGE, "a"), (1, "\0")],
    "/api/v1/exceptions": [(HUGE,), (TOO_LARGE,), (-HUGE,)],
    "/api/v1/quarantine": [(HUGE, "a"), (1, "\0")],
    "/api/v1/stock/p1/moves": [(HUGE, "aa", 1), (1, "zz", 1), (1, "aa", TOO_LARGE), (1, "é", 1)],
    "/api/v1/stock": [("a", "\0")],
    "/api/v1/staff": [("a", "\0")],
    "/api/v1/stores": [("\0",)],
    "/api/v1/tills/devices": [("\0",)],
    "/api/v1/products": [("a", "\0")],
    "/api/v1/accounts": [("\0",)],
    "/refunds": [(HUGE, "aa"), (1, "zz"), (1, "\0")],
    "/receipts": [(HUGE, "aa"), (1, "zz"), (1, "\0")],
    "/exceptions": [(HUGE,)],
    "/shifts": [(HUGE, "a")],
}


@pytest.mark.parametrize("path", FORGED)
def test_a_forged_cursor_is_refused(office: Client, path: str) -> None:
    for key in FORGED[path]:
        cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
        assert office.get(path, params={"cursor": cursor}).status_code == 400, key


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/sales?hour={HUGE}",
        "/api/v1/sales?hour=24",
        f"/receipts?hour={HUGE}",
        "/receipts?hour=" + "9" * 5000,
    ],
)
def test_an_hour_that_no_clock_shows_is_refused(office: Client, path: str) -> None:
    assert office.get(path).status_code == 400


@pytest.mark.parametrize(
    "path", ["/takings?day=9999-12-31", "/takings?day=0001-01-01", f"/api/v1/reports/stock?offset={HUGE}"]
)
def test_the_ends_of_the_calendar_and_of_a_list_are_empty(office: Client, path: str) -> None:
    assert office.get(path).status_code == 200


def test_a_version_that_no_stream_has_is_refused(app: Litestar, database: Database, client: Client) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for after in (HUGE, -HUGE, -1):
        asked = {"stream": "catalogue", "after": str(after)}
        assert client.get("/sync/feed", params=asked, headers=till.headers).status_code == 400


def test_a_manager_of_one_store_sees_nothing_of_another(
    app: Litestar, database: Database, client: Client
) -> None:
    open_store(app, database)
    services = app.state.services
    with database.write() as tx:
        services.stores.create(tx, StoreConfig(store_id="04", name="Secret", currency="EUR"))
        services.stores.add_till(tx, "04-1", "04", "")
        services.accounts.create(tx, "Mo", PASSWORD, "manager", "03")
    till = ATill(client, code_for(app, database, "04-1"), "device-0009")
    till.enrol()
    till.log_in()
    unread = till.record_bytes("sale.posted", b"nothing").event_id.hex()
    till.record(an_opening("evening", "04-1"))
    sold = till.record(a_sale(1, till="04-1", shift="evening")).event_id.hex()
    till.push()
    services.applier.drain()
    answer = client.post("/api/v1/auth/login", json={"name": "Mo", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    lists = ["stores", "tills/devices", "quarantine", "sales", "shifts", "exceptions", "staff", "stock"]
    for path in [f"/api/v1/{name}" for name in lists] + ["/receipts", "/shifts", "/exceptions", "/tills"]:
        answer = client.get(path)
        assert answer.status_code == 200
        assert not [word for word in ("04-1", "Secret", '"04"', "evening") if word in answer.text], path
    closed = ["/api/v1/stores/04", "/api/v1/stores/04/tills", f"/api/v1/sales/{sold}", f"/receipts/{sold}"]
    closed += ["/shifts/evening", "/api/v1/reports/shifts/evening", "/exceptions/1", "/api/v1/exceptions/1"]
    closed += ["/takings?store_id=04", "/stock?location_id=04", "/api/v1/sales?store_id=04"]
    assert {path: client.get(path).status_code for path in closed if client.get(path).is_success} == {}
    assert client.post(f"/api/v1/quarantine/{unread}/retry").status_code == 404
