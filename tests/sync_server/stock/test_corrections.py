"""Stock that people correct, and the ledger that remembers why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.sale import SoldComponent
from sync_server.database import Database
from sync_server.exceptions.service import ExceptionService
from sync_server.stock.service import Correction, StockService
from tests.effort import examples
from tests.sync_server.made_up_days import a_line, a_sale, an_entry, ids

Client = TestClient[Litestar]


def a_service() -> StockService:
    return StockService(ExceptionService(lambda: 1000), lambda: 1000, ids())


def a_correction(**fields: Any) -> Correction:
    return Correction(**{"product_id": "p1", "location_id": "03"} | fields)


def test_on_hand_is_what_was_counted_whatever_was_there(database: Database) -> None:
    stock = a_service()
    with database.write() as tx:
        stock.correct(tx, a_correction(change_milli=5000, reason="receipt"), "Ada")
        level = stock.correct(tx, a_correction(counted_milli=3500, note="two broken"), "Ada")
        assert level.on_hand_milli == 3500
        moves = stock.moves(tx, "p1")
        assert sorted((move.quantity_milli, move.reason) for move in moves) == [
            (-1500, "correction"),
            (5000, "receipt"),
        ]
        assert {move.moved_by for move in moves} == {"Ada"}


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4))
def test_on_hand_is_the_sum_of_moves_in_any_order_with_repeats(
    sqlite_database: Database, order: list[int], again: list[int]
) -> None:
    stock = a_service()
    entries = [an_entry(n, a_sale(n, a_line(1, "p1", n + 1), a_line(2, f"p{n}", 1))) for n in range(6)]
    with sqlite_database.read() as tx:
        before = {level.product_id: level.on_hand_milli for level in stock.levels(tx)}
    with sqlite_database.write() as tx:
        stock.record_many(tx, [entries[at] for at in order])
        stock.record_many(tx, [entries[at] for at in again])
    with sqlite_database.read() as tx:
        for level in stock.levels(tx):
            assert level.on_hand_milli == sum(
                move.quantity_milli for move in stock.moves(tx, level.product_id)
            )
        # Hypothesis keeps the database between examples: a second time the same sales move nothing.
        after = {level.product_id: level.on_hand_milli for level in stock.levels(tx)}
        assert before in ({}, after)


def test_the_same_request_again_changes_nothing(office: Client) -> None:
    body = {"product_id": "p1", "location_id": "03", "change_milli": 2000}
    for _ in range(3):
        answer = office.post("/api/v1/stock/corrections", json=body, headers={"Idempotency-Key": "k1"})
        assert answer.json()["on_hand_milli"] == 2000
    other = office.post("/api/v1/stock/corrections", json=body, headers={"Idempotency-Key": "k2"})
    assert other.json()["on_hand_milli"] == 4000
    moves = office.get("/api/v1/stock/p1/moves", params={"limit": 1}).json()
    assert len(moves["rows"]) == 1
    rest = office.get("/api/v1/stock/p1/moves", params={"limit": 5, "cursor": moves["next"]}).json()
    assert (len(rest["rows"]), rest["next"]) == (1, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"change_milli": 1, "counted_milli": 1},
        {"change_milli": 10**15},
        {"change_milli": "1"},
        {"change_milli": 1.5},
        {"change_milli": 1, "reason": "magic"},
        {"change_milli": 1, "location_id": ""},
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(office: Client, fields: dict[str, Any]) -> None:
    body = {"product_id": "p1", "location_id": "03"} | fields
    assert office.post("/api/v1/stock/corrections", json=body).status_code == 400
    assert office.get("/api/v1/stock").json()["rows"] == []


def test_of_a_kit_the_components_leave_the_shelf_and_are_named_when_oversold(database: Database) -> None:
    inbox = ExceptionService(lambda: 1000)
    stock = StockService(inbox, lambda: 1000, ids())
    tea = (SoldComponent("tea", "Green tea", 4000), SoldComponent("cup", "Cup", 2000))
    kit = msgspec.structs.replace(a_line(1, "set", 2), components=tea)
    with database.write() as tx:
        stock.correct(tx, a_correction(product_id="tea", change_milli=1000, reason="receipt"), "Ada")
        entry = an_entry(1, a_sale(1, kit, a_line(2, "roll", 1)))
        stock.record_many(tx, [entry])
        stock.record_many(tx, [entry])
        levels = {level.product_id: level.on_hand_milli for level in stock.levels(tx)}
        assert levels == {"tea": -3000, "cup": -2000, "roll": -1000}
        sentences = [one.sentence for one in inbox.cases(tx)]
        assert any("'Green tea'" in sentence for sentence in sentences)
