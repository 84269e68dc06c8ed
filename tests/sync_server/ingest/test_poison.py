"""Entries that no honest till makes, in the middle of a day: kept, and nobody behind them notices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import func, select

from shared_models.events import Recorded, encode_body
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import ingest_log, ingest_queue, quarantine
from sync_server.sales.tables import sale
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import DAY, NOON_MS, a_closing, a_sale, an_opening

GROUPS = ("store", "till", "day", "hour", "shift", "operator", "product", "category", "tax", "tender")
LARGEST = 2**63 - 1


def body(fact: Any, at_ms: int = NOON_MS, tz_min: int = 60, **changes: Any) -> bytes:
    recorded = json.loads(encode_body(Recorded(at_ms, tz_min, fact)))
    recorded["fact"].update(changes)
    return json.dumps(recorded).encode()


def nested(depth: int = 100_000) -> bytes:
    return b'{"at_ms":1,"tz_min":0,"fact":' + b"[" * depth + b"]" * depth + b"}"


def lines(count: int = 1, **changes: Any) -> list[dict[str, Any]]:
    plain = json.loads(encode_body(Recorded(1, 0, a_sale(1))))["fact"]["lines"][0]
    return [plain | changes | {"product_id": f"p{at}"} for at in range(1, count + 1)]


def poisons() -> list[tuple[str, bytes]]:
    """What may not be booked."""
    sound = a_sale(900)
    bodies = [
        b"",
        b"\xff" * 100,
        b" " * 1_000_000,
        nested(),
        body(sound)[:-1] + b',"more":' + nested() + b"}",
        body(sound, total_minor=10**30),
        body(sound, total_minor=LARGEST, net_minor=LARGEST),
        body(sound, total_minor=-LARGEST),
        body(sound, total_minor=2**64 - 1),
        body(sound, lines=lines(quantity_milli=LARGEST)),
        body(sound, lines=lines(quantity_milli=-LARGEST)),
        body(a_sale(902), currency="ZZZ"),
        body(a_sale(903), currency="<script>alert(1)</script>"),
        body(a_sale(904), business_date=f"{DAY} and more"),
        body(a_sale(905), business_date="9999-99-99"),
        body(a_sale(915), currency=""),
        body(sound).replace(b'"total_minor": 119', b'"total_minor": ' + b"9" * 5000),
    ]
    closing = a_closing([a_sale(1)], 5, shift="shift-9")
    closings = [body(closing, counted_minor=LARGEST), body(closing, over_short_minor=-LARGEST)]
    closings.append(body(closing, currency="???"))
    sales = [("sale.posted", each) for each in bodies]
    return [*sales, *(("shift.closed", each) for each in closings), ("shift.opened", nested())]


def oddities() -> list[tuple[str, bytes]]:
    """What is booked as stated, and must not break a page."""
    sales = [
        body(a_sale(901), total_minor=-500),
        body(a_sale(906), at_ms=10**14),
        body(a_sale(907), at_ms=-(10**14)),
        body(a_sale(908), at_ms=NOON_MS - 315_576_000_000),
        body(a_sale(909), tz_min=100_000),
        body(a_sale(910), lines=[]),
        body(a_sale(911), lines=lines(10_000)),
        body(a_sale(912), sale_id="", shift_id="", till_id="", store_id=""),
        body(a_sale(913), till_id="99-9", store_id="99"),
        body(a_sale(914), shift_id="../../x?y#z", receipt_number="a/b"),
    ]
    shifts = [
        ("shift.opened", body(an_opening("shift-9"), business_date="1970-01-01")),
        ("shift.closed", body(a_closing([a_sale(1)], 5, shift="shift-9"), operator_id="")),
    ]
    return [("sale.posted", each) for each in sales] + shifts


@pytest.fixture
def till(app: Litestar, database: Database, client: Client, clock: Clock) -> ATill:
    clock.now = NOON_MS
    open_store(app, database)
    return enrolled_till(app, database, client)


def test_poison_is_kept_and_delays_nothing(till: ATill, app: Litestar, database: Database) -> None:
    till.record(an_opening())
    for number, (kind, bad) in enumerate(poisons(), 1):
        till.record_bytes(kind, bad)
        till.record(a_sale(number))
    till.push()
    app.state.services.applier.drain()
    with database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_log)) == 1 + 2 * len(poisons())
        assert tx.scalar(select(func.count()).select_from(ingest_queue)) == 0
        assert tx.scalar(select(func.count()).select_from(quarantine)) == len(poisons())
        assert tx.scalar(select(func.count()).select_from(sale)) == len(poisons())


def test_an_entry_with_an_id_of_a_kind_that_nobody_makes_delays_nothing(
    till: ATill, app: Litestar, database: Database
) -> None:
    for length in (1, 33, 64):
        till.record_bytes("sale.posted", b"poison", event_id=b"i" * length)
    till.record(a_sale(1))
    till.push()
    app.state.services.applier.drain()
    with database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_queue)) == 0
        assert tx.scalar(select(func.count()).select_from(quarantine)) == 3
        assert tx.scalar(select(func.count()).select_from(sale)) == 1


def test_no_page_breaks_over_what_a_broken_till_states(
    till: ATill, app: Litestar, database: Database, office: Client
) -> None:
    till.record(an_opening())
    for kind, bad in poisons() + oddities():
        till.record_bytes(kind, bad)
    till.record(a_sale(1))
    token = office.headers["Authorization"]
    till.push()
    app.state.services.applier.drain()
    office.headers["Authorization"] = token
    answers = {path: office.get(path).status_code for path in _addresses(till)}
    assert {path: status for path, status in answers.items() if status not in (200, 404)} == {}
    assert answers["/takings"] == 200


def test_an_entry_that_is_booked_at_last_closes_its_exception(
    till: ATill, app: Litestar, database: Database
) -> None:
    till.record_bytes("sale.posted", b"not yet")
    till.push()
    applier = app.state.services.applier
    applier.drain()
    with database.write() as tx:
        now_readable = body(a_sale(1))
        tx.execute(ingest_log.update().values(body=now_readable))
    quarantine_id = till.entries[0].event_id.hex()
    app.state.services.ingest.retry(quarantine_id, "Ada")
    applier.drain()
    with database.read() as tx:
        assert tx.scalars(select(exception_case.c.state)).all() == ["resolved"]
        assert tx.scalar(select(quarantine.c.resolved_by)) == "applied"


def _addresses(till: ATill) -> list[str]:
    entries = [entry.event_id.hex() for entry in till.entries]
    lists = ["/takings", f"/takings?day={DAY}", "/takings.csv", "/receipts", "/shifts", "/shifts/shift-9"]
    lists += ["/shifts/shift-1", "/stock", "/stock?level=negative", "/exceptions", "/tills", "/api/v1/sales"]
    lists += ["/api/v1/shifts", "/api/v1/stock", "/api/v1/stock/p1/moves", "/api/v1/exceptions"]
    lists += ["/api/v1/quarantine", "/api/v1/reports/stock", "/api/v1/reports/shifts/shift-9"]
    for by in GROUPS:
        lists += [f"/takings?first_day=2000-01-01&by={by}", f"/api/v1/reports/takings?by={by}"]
        lists.append(f"/api/v1/reports/takings?by={by}&format=csv")
    pages = [f"/receipts/{entry}" for entry in entries] + [f"/api/v1/sales/{entry}" for entry in entries]
    return lists + pages + [f"/exceptions/{case}" for case in range(1, 60)]
