"""Figures over HTTP: each with its receipts, limited to what an account may see, and with nothing left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import update

from shared_models import wire
from shared_models.store_config import StoreConfig
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log
from sync_server.services import Services
from tests.sync_server.a_till import enrolled_till
from tests.sync_server.made_up_days import (
    DAY,
    SHIFT,
    a_closing,
    a_line,
    a_refund_of,
    a_sale,
    an_entry,
    an_opening,
    store_entries,
)

Client = TestClient[Litestar]
PASSWORD = "correct horse battery"


@pytest.fixture
def services(office: Client, database: Database) -> Services:
    """Two stores; three sales and a closed shift in the first, one sale in the second."""
    services: Services = office.app.state.services
    sales = [a_sale(n, a_line(1, "p1", n, 250, "=Tea")) for n in (1, 2, 3)]
    entries = [an_entry(1, an_opening()), *(an_entry(n, one) for n, one in enumerate(sales, 2))]
    entries.append(an_entry(5, a_closing(sales, 4)))
    entries.append(an_entry(1, a_sale(1, a_line(1, "p2"), till="04-2", shift="other"), "04-2"))
    with database.write() as tx:
        for store_id in ("03", "04"):
            services.stores.create(
                tx, StoreConfig(store_id=store_id, name=f"Shop {store_id}", currency="EUR")
            )
        services.accounts.create(tx, "Bo", PASSWORD, "manager", "04")
        store_entries(tx, entries)
    services.applier.drain()
    return services


def got(client: Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_row_leads_to_receipts_that_add_up_to_it(office: Client, services: Services) -> None:
    for by in ("store", "till", "day", "hour", "shift"):
        answer = got(office, "/api/v1/reports/takings", by=by, day=DAY)
        assert sum(row["gross_minor"] for row in answer["rows"]) == 1500 + 119
        for row in answer["rows"]:
            sales = got(office, row["receipts_url"])["rows"]
            assert sum(sale["total_minor"] for sale in sales) == row["gross_minor"]


def test_a_sale_can_be_read_as_its_receipt_says_it(office: Client, services: Services) -> None:
    head = got(office, "/api/v1/sales", receipt="03-1-K7Q-000002")["rows"][0]
    detail = got(office, f"/api/v1/sales/{head['entry']}")
    assert detail["receipt"]["lines"][0]["quantity_milli"] == 2000
    assert office.get("/api/v1/sales/zz").status_code == 404
    assert office.get(f"/api/v1/sales/{'00' * 16}").status_code == 404


def test_a_shift_is_reported_as_stated_and_as_found(office: Client, services: Services) -> None:
    report = got(office, f"/api/v1/reports/shifts/{SHIFT}")
    assert report["stated"]["totals"]["gross_minor"] == report["recomputed"]["gross_minor"] == 1500
    assert (report["differences"], report["amended"]) == ([], None)
    assert [shift["shift_id"] for shift in got(office, "/api/v1/shifts", day=DAY)["rows"]] == [SHIFT]


def test_a_spreadsheet_runs_nothing_that_a_product_is_called(office: Client, services: Services) -> None:
    answer = office.get("/api/v1/reports/takings", params={"by": "product", "format": "csv", "day": DAY})
    lines = answer.text.splitlines()
    assert lines[0].startswith("product,name,currency,sales,quantity,net,tax,gross")
    assert any(",'=Tea,EUR,3,6,12.60,2.40,15.00," in line for line in lines), lines


def test_money_that_could_not_be_booked_is_still_in_the_takings(
    office: Client, services: Services, database: Database
) -> None:
    broken = an_entry(9, a_sale(9))
    with database.write() as tx:
        store_entries(tx, [broken])
        body = msgspec.json.decode(msgspec.json.encode(broken.recorded))
        body["fact"]["lines"] = "not lines at all"
        same = ingest_log.c.event_id == broken.event_id
        tx.execute(update(ingest_log).where(same).values(body=msgspec.json.encode(body)))
    services.applier.drain()
    answer = got(office, "/api/v1/reports/takings", by="till", day=DAY)["takings"]
    assert answer["unclassified"] == [
        {"currency": "EUR", "entries": 1, "amount_minor": 119, "unreadable": 0},
    ]


def test_a_sale_and_a_refund_that_came_raw_are_in_the_takings_until_they_are_booked(
    office: Client, services: Services, database: Database
) -> None:
    with database.write() as tx:
        services.stores.add_till(tx, "03-1", "03", "")
    till = enrolled_till(office.app, database, office)
    till.record(a_sale(9))
    till.record(a_refund_of(a_sale(9)))
    for seq in (1, 2):
        till.send_raw(wire.pack(till.batch(seq, seq)))
    till.send_raw(b"nobody can read this")
    sale = {"currency": "EUR", "entries": 1, "amount_minor": 119, "unreadable": 0}
    no_one_knows = {"currency": "", "entries": 1, "amount_minor": 0, "unreadable": 1}
    answer = got(office, "/api/v1/reports/takings", by="till", day=DAY)["takings"]
    assert answer["unclassified"] == [no_one_knows, sale]
    assert answer["unclassified_refunds"] == [sale]
    before = answer["totals"][0]["gross_minor"]
    services.ingest.take_in_raw()
    services.applier.drain()
    answer = got(office, "/api/v1/reports/takings", by="till", day=DAY)["takings"]
    assert answer["totals"][0]["gross_minor"] == before + 119
    assert (answer["unclassified"], answer["unclassified_refunds"]) == ([no_one_knows], [])


def test_a_refund_that_could_not_be_booked_is_told_beside_what_was_taken_back(
    office: Client, services: Services, database: Database
) -> None:
    broken = an_entry(9, a_refund_of(a_sale(9)))
    with database.write() as tx:
        store_entries(tx, [broken])
        body = msgspec.json.decode(msgspec.json.encode(broken.recorded))
        body["fact"]["lines"] = "not lines at all"
        same = ingest_log.c.event_id == broken.event_id
        tx.execute(update(ingest_log).where(same).values(body=msgspec.json.encode(body)))
    services.applier.drain()
    answer = got(office, "/api/v1/reports/takings", by="till", store_id="03")["takings"]
    assert answer["unclassified"] == []
    assert answer["unclassified_refunds"] == [
        {"currency": "EUR", "entries": 1, "amount_minor": 119, "unreadable": 0},
    ]


def test_a_manager_reads_the_own_store_only(
    client: Client, office: Client, services: Services, database: Database
) -> None:
    token = client.post("/api/v1/auth/login", json={"name": "Bo", "password": PASSWORD}).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    assert [row["key"] for row in got(client, "/api/v1/reports/takings", by="store")["rows"]] == ["04"]
    assert {sale["store_id"] for sale in got(client, "/api/v1/sales")["rows"]} == {"04"}
    assert client.get("/api/v1/sales", params={"store_id": "03"}).status_code == 403
    assert client.get(f"/api/v1/reports/shifts/{SHIFT}").status_code == 404
    assert got(client, "/api/v1/shifts")["rows"] == []
    body = {"product_id": "p1", "location_id": "03", "change_milli": 1}
    assert client.post("/api/v1/stock/corrections", json=body).status_code == 403
    staff = {"name": "X", "pin": "4711", "role": "cashier", "store_ids": ["03"]}
    assert client.post("/api/v1/staff", json=staff).status_code == 403


def test_an_unknown_grouping_is_explained(office: Client) -> None:
    answer = office.get("/api/v1/reports/takings", params={"by": "weather"})
    assert answer.status_code == 400
    assert "store, till, day" in answer.json()["detail"]
