"""Shifts and cash as the tills stated them."""

from __future__ import annotations

import pytest

from shared_models.cash import DrawerCounted, DrawerOpened, Pieces
from sync_server.cash.service import CashService
from sync_server.database import Database
from sync_server.errors import NotFound
from tests.sync_server.made_up_days import (
    DAY,
    SHIFT,
    a_closing,
    a_sale,
    an_entry,
    an_opening,
    paid_out,
)


def a_day() -> list[object]:
    drawer = DrawerOpened(shift_id=SHIFT, till_id="03-1", operator_id="op1", reason="Change for the bus")
    count = DrawerCounted(
        shift_id=SHIFT, till_id="03-1", operator_id="op1", counted_minor=14000, pieces=(Pieces(1000, 14),)
    )
    closing = a_closing([a_sale(1)], 5, 1000, over_short_minor=-119)
    return [an_opening(), a_sale(1), paid_out(1000), drawer, count, closing]


def test_a_shift_is_what_its_facts_say_once_and_in_any_order(database: Database) -> None:
    cash = CashService()
    entries = [an_entry(seq, fact) for seq, fact in enumerate(a_day(), 1)]
    with database.write() as tx:
        for entry in reversed(entries):
            cash.record(tx, entry)
        cash.record_many(tx, entries)
        shift = cash.shift(tx, SHIFT)
        assert (shift.float_minor, shift.over_short_minor) == (15000, -119)
        assert [(move.kind, move.amount_minor) for move in cash.movements(tx, SHIFT)] == [("paid_out", 1000)]
        assert cash.no_sale_openings(tx, SHIFT) == ["Change for the bus"]
        closing = cash.closing(tx, SHIFT)
        assert closing is not None
        assert closing.stated == entries[-1].recorded.fact


def test_an_open_shift_has_no_count(database: Database) -> None:
    cash = CashService()
    with database.write() as tx:
        cash.record_many(tx, [an_entry(1, an_opening())])
        assert [shift.closed_at_ms for shift in cash.shifts(tx, day=DAY)] == [None]
        assert cash.closing(tx, SHIFT) is None
        with pytest.raises(NotFound):
            cash.shift(tx, "another")


def test_shifts_page_from_the_newest_to_the_oldest(database: Database) -> None:
    cash = CashService()
    with database.write() as tx:
        cash.record_many(tx, [an_entry(seq, an_opening(f"shift-{seq}")) for seq in range(1, 6)])
        first = cash.shifts(tx, limit=3)
        rest = cash.shifts(tx, before=(first[-1].opened_at_ms, first[-1].shift_id))
        assert [shift.shift_id for shift in first + rest] == [f"shift-{seq}" for seq in (5, 4, 3, 2, 1)]
