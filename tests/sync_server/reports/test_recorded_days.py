"""A day goes in as facts and comes out as figures, on both databases."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select

from sync_server.database import Database
from sync_server.ingest_entry import RecordedEntry
from sync_server.reports.shift_check import ShiftCheck
from sync_server.reports.shift_report import shift_report
from sync_server.reports.takings import GROUPS, takings
from sync_server.sales.service import SaleFilter
from sync_server.sales.tables import sale, sale_line, sale_tax, sale_tender
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.stock.service import Correction
from sync_server.stock.tables import stock_move
from tests.sync_server.kept_app import CHEAP_HASHER
from tests.sync_server.made_up_days import (
    DAY,
    NOON_MS,
    SHIFT,
    STORE,
    a_closing,
    a_line,
    a_sale,
    an_entry,
    an_opening,
    ids,
    paid_out,
    store_entries,
)


@pytest.fixture
def areas(settings: Settings, database: Database) -> Services:
    return build_services(settings, database, lambda: NOON_MS, ids(), CHEAP_HASHER)


def a_day() -> list[RecordedEntry]:
    sales = [
        a_sale(1, a_line(1, "p1", 2, 250), a_line(2, "p2", 1, 999, "Lamp")),
        a_sale(2, a_line(1, "p1", 1, 250)),
        a_sale(3, a_line(1, "p2", 3, 999, "Lamp"), a_line(2, "p2", 1, 999, "Lamp")),
    ]
    entries = [an_entry(1, an_opening())]
    entries += [an_entry(seq, one) for seq, one in enumerate(sales, 2)]
    entries += [an_entry(5, paid_out(1000)), an_entry(6, a_closing(sales, 5, paid_out_minor=1000))]
    return entries


def record(areas: Services, database: Database, entries: list[RecordedEntry]) -> None:
    with database.write() as tx:
        for recorder in (areas.sales, areas.stock, areas.cash, ShiftCheck(areas.cash, areas.exceptions)):
            recorder.record_many(tx, entries)


def row_counts(database: Database) -> list[int]:
    with database.read() as tx:
        tables = (sale, sale_line, sale_tax, sale_tender, stock_move)
        return [tx.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_every_grouping_of_a_day_adds_up_to_its_takings(database: Database, areas: Services) -> None:
    record(areas, database, a_day())
    with database.read() as tx:
        for by in GROUPS:
            found = takings(tx, SaleFilter(first_day=DAY, last_day=DAY), by)
            assert found.totals[0].gross_minor == 500 + 999 + 250 + 4 * 999
            assert sum(row.gross_minor for row in found.rows) == found.totals[0].gross_minor, by
            assert all(row.currency == "EUR" for row in found.rows)


def test_each_figure_leads_to_exactly_its_receipts(database: Database, areas: Services) -> None:
    record(areas, database, a_day())
    with database.read() as tx:
        for by in ("store", "till", "day", "hour", "shift", "product", "tax", "tender"):
            for row in takings(tx, SaleFilter(), by).rows:
                filters = {
                    name: int(value) if name == "hour" else value for name, value in row.receipts.items()
                }
                assert len(areas.sales.sales(tx, SaleFilter(**filters))) == row.sale_count, (by, row)


def test_recording_a_day_twice_is_the_same_as_once(database: Database, areas: Services) -> None:
    record(areas, database, a_day())
    once = row_counts(database)
    record(areas, database, a_day())
    record(areas, database, a_day() + a_day())
    assert row_counts(database) == once == [3, 5, 3, 3, 5]
    with database.read() as tx:
        assert areas.stock.level(tx, STORE, "p1").on_hand_milli == -3000
        assert areas.exceptions.unresolved_count(tx) == 0


@pytest.mark.parametrize("seed", range(6))
def test_stock_and_takings_do_not_depend_on_order(database: Database, areas: Services, seed: int) -> None:
    chance = random.Random(seed)
    entries = a_day()
    chance.shuffle(entries)
    while entries:
        cut = chance.randint(1, len(entries))
        record(areas, database, entries[:cut])
        entries = entries[cut:]
    with database.read() as tx:
        levels = {level.product_id: level.on_hand_milli for level in areas.stock.levels(tx)}
        assert levels == {"p1": -3000, "p2": -5000}
        report = shift_report(tx, areas.cash, SHIFT)
        assert report.differences == []
        assert areas.exceptions.unresolved_count(tx) == 0


def test_a_z_report_that_says_too_little_is_an_exception(database: Database, areas: Services) -> None:
    sales = [a_sale(1), a_sale(2)]
    entries = [an_entry(1, an_opening()), an_entry(2, sales[0]), an_entry(3, sales[1])]
    record(areas, database, [*entries, an_entry(4, a_closing(sales[:1], 3))])
    with database.read() as tx:
        report = shift_report(tx, areas.cash, SHIFT)
        assert {one.figure: (one.stated, one.found) for one in report.differences}["gross"] == (119, 238)
        assert [case.kind for case in areas.exceptions.cases(tx)] == ["closing_differs"]
        assert report.stated is not None
        assert report.stated.totals.gross_minor == 119


def test_a_sale_that_comes_after_the_z_report_is_flagged_and_shown_beside_it(
    database: Database, areas: Services
) -> None:
    early, late = a_sale(1), a_sale(2)
    record(
        areas, database, [an_entry(1, an_opening()), an_entry(2, early), an_entry(3, a_closing([early], 2))]
    )
    record(areas, database, [an_entry(4, late)])
    with database.read() as tx:
        report = shift_report(tx, areas.cash, SHIFT)
        assert report.late_sales == 1
        assert report.differences == []
        assert report.recomputed.gross_minor == 119
        assert report.amended is not None
        assert report.amended.gross_minor == 238
        assert [row.receipt_number for row in areas.sales.sales(tx, SaleFilter(late=True))] == [
            late.receipt_number
        ]
        assert [case.kind for case in areas.exceptions.cases(tx)] == ["late_after_close"]


def test_a_delayed_sale_that_the_z_report_knows_settles_the_difference(
    database: Database, areas: Services
) -> None:
    first, delayed = a_sale(1), a_sale(2)
    closing = an_entry(4, a_closing([first, delayed], 3))
    record(areas, database, [an_entry(1, an_opening()), an_entry(2, first), closing])
    with database.read() as tx:
        assert [case.state for case in areas.exceptions.cases(tx)] == ["open"]
    record(areas, database, [an_entry(3, delayed)])
    with database.read() as tx:
        assert [case.state for case in areas.exceptions.cases(tx)] == ["resolved"]
        assert shift_report(tx, areas.cash, SHIFT).late_sales == 0


def test_figures_that_do_not_add_up_are_booked_and_reported(database: Database, areas: Services) -> None:
    record(areas, database, [an_entry(2, a_sale(1, total_minor=120))])
    with database.read() as tx:
        assert takings(tx, SaleFilter(), "till").totals[0].gross_minor == 120
        assert [case.kind for case in areas.exceptions.cases(tx)] == ["totals_differ"]


def test_a_receipt_number_given_twice_loses_no_sale(database: Database, areas: Services) -> None:
    record(areas, database, [an_entry(2, a_sale(1)), an_entry(3, a_sale(1))])
    with database.read() as tx:
        assert takings(tx, SaleFilter(), "till").totals[0].sale_count == 2
        assert [case.kind for case in areas.exceptions.cases(tx)] == ["receipt_number_twice"]


def test_selling_more_than_was_counted_is_an_exception_once(database: Database, areas: Services) -> None:
    with database.write() as tx:
        areas.stock.correct(tx, Correction(product_id="p1", location_id=STORE, counted_milli=1000), "Ada")
    record(areas, database, [an_entry(2, a_sale(1)), an_entry(3, a_sale(2))])
    record(areas, database, [an_entry(4, a_sale(3))])
    with database.read() as tx:
        assert areas.stock.level(tx, STORE, "p1").on_hand_milli == -2000
        assert [case.kind for case in areas.exceptions.cases(tx)] == ["oversell"]


def test_goods_that_nobody_ever_counted_are_not_oversold(database: Database, areas: Services) -> None:
    record(areas, database, [an_entry(2, a_sale(1))])
    with database.read() as tx:
        assert areas.stock.level(tx, STORE, "p1").on_hand_milli == -1000
        assert areas.exceptions.cases(tx) == []


def test_training_sales_never_reach_takings_or_stock(database: Database, areas: Services) -> None:
    record(areas, database, [an_entry(2, a_sale(1, training=True))])
    with database.read() as tx:
        assert takings(tx, SaleFilter(), "till").rows == []
        assert areas.stock.levels(tx) == []
        assert len(areas.sales.sales(tx, SaleFilter(training=True))) == 1


def test_a_sale_is_shown_as_the_journal_holds_it(database: Database, areas: Services) -> None:
    entry = an_entry(2, a_sale(1, a_line(name="Crème brûlée")))
    with database.write() as tx:
        store_entries(tx, [entry])
    record(areas, database, [entry])
    with database.read() as tx:
        assert areas.sales.detail(tx, entry.event_id.hex()).receipt == entry.recorded.fact
