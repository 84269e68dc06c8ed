"""Days, months and years are closed when they are over, and what comes late amends them."""

from __future__ import annotations

import pytest
from litestar import Litestar

from shared_models.closing import CLOSING_TAG, is_genuine
from shared_models.signing import verifier
from sync_server.database import Database
from sync_server.reports.takings import takings
from sync_server.sales.service import SaleFilter
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms, only
from tests.sync_server.conftest import Clock

TILL, OTHER, DAYS = "till/03-1/day", "till/03-2/day", "store/03/day"
MONTHS, YEARS = "store/03/month", "store/03/year"


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    return ClosingShop(app, database, client, clock)


def test_a_day_is_closed_per_till_and_per_store_when_it_is_over(shop: ClosingShop) -> None:
    first, last = shop.sell("2026-11-21", 1190), shop.sell("2026-11-21", 595)
    shop.sell("2026-11-21", 238, till=2)
    shop.clock.now = at_ms("2026-11-21 23:50")
    shop.services.closings.close_due()
    assert shop.closings(TILL) == []
    shop.night_after("2026-11-21")
    closing = shop.newest(TILL, "2026-11-21")
    found = only(closing.figures)
    assert (found.sale_count, found.gross_minor, found.net_minor, found.tax_minor) == (2, 1785, 1500, 285)
    assert [(tax.tax_id, tax.rate_ppm, tax.base_minor, tax.amount_minor) for tax in found.taxes] == [
        ("vat19", 190_000, 1500, 285)
    ]
    assert [(tender.kind, tender.kept_minor) for tender in found.tenders] == [("cash", 1785)]
    assert (closing.first_receipt, closing.last_receipt) == (first.receipt_number, last.receipt_number)
    assert only(shop.newest(DAYS, "2026-11-21").figures).gross_minor == 1785 + 238
    assert [part.chain for part in shop.newest(DAYS, "2026-11-21").parts] == [TILL, OTHER]


def test_each_closing_is_signed_and_chained_to_the_one_before(shop: ClosingShop) -> None:
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        shop.sell(day)
        shop.night_after(day)
    key = verifier(bytes.fromhex(shop.services.evidence.key.public_key))
    kept = shop.closings(TILL)
    assert [one.closing.number for one in kept] == [1, 2, 3]
    assert all(is_genuine(CLOSING_TAG, one.seal, key) for one in kept)
    assert [one.closing.previous for one in kept] == ["", *(one.seal.hash.hex() for one in kept[:-1])]


def test_the_figures_are_those_of_the_reports_and_refunds_stand_beside(
    shop: ClosingShop, database: Database
) -> None:
    sale = shop.sell("2026-11-21", 1190)
    shop.sell("2026-11-21", 3)
    shop.sell("2026-11-21", 500, training=True)
    shop.refund(sale, "2026-11-21", till=2)
    shop.night_after("2026-11-21")
    found = only(shop.newest(DAYS, "2026-11-21").figures)
    with database.read() as tx:
        report = takings(tx, SaleFilter(first_day="2026-11-21", last_day="2026-11-21"), "tax")
    (total,), (back,), (tax,) = report.totals, report.refunds, report.rows
    assert (found.sale_count, found.gross_minor, found.net_minor, found.tax_minor) == (
        total.sale_count,
        total.gross_minor,
        total.net_minor,
        total.tax_minor,
    )
    assert (found.refund_count, found.refund_minor) == (back.count, back.total_minor) == (1, 1190)
    (of_tax,) = found.taxes
    assert (of_tax.base_minor, of_tax.amount_minor) == (tax.net_minor, tax.tax_minor)
    assert (of_tax.back_base_minor, of_tax.back_amount_minor) == (1000, 190)
    assert [(one.kind, one.kept_minor, one.given_back_minor) for one in found.tenders] == [
        ("cash", 1193, 1190)
    ]
    assert found.training_count == 1


def test_the_grand_total_goes_on_from_closing_to_closing_and_never_falls(shop: ClosingShop) -> None:
    sale = shop.sell("2026-11-20", 1190)
    shop.night_after("2026-11-20")
    shop.refund(sale, "2026-11-21")
    shop.night_after("2026-11-21")
    shop.sell("2026-11-22", 595)
    shop.night_after("2026-11-22")
    grand = [only(one.closing.grand) for one in shop.closings(DAYS)]
    assert [one.gross_minor for one in grand] == [one.turnover_minor for one in grand] == [1190, 1190, 1785]
    assert [one.refund_minor for one in grand] == [0, 1190, 1190]
    assert [one.sale_count for one in grand] == [1, 1, 2]


def test_a_day_without_a_sale_is_closed_with_nothing(shop: ClosingShop) -> None:
    shop.sell("2026-11-18")
    shop.night_after("2026-11-21")
    assert shop.periods(TILL) == [(f"2026-11-{day}", 0) for day in (18, 19, 20, 21)]
    assert shop.periods(DAYS) == shop.periods(TILL)
    assert shop.newest(DAYS, "2026-11-20").figures == ()
    assert only(shop.newest(DAYS, "2026-11-20").grand).gross_minor == 119
    assert shop.closings(OTHER) == []


def test_the_first_day_of_a_new_till_is_closed_also_where_the_schedule_ran_during_it(
    shop: ClosingShop,
) -> None:
    shop.sell("2026-11-20", 100)
    shop.night_after("2026-11-20")
    for day in ("2026-11-21", "2026-11-22"):
        shop.sell(day, 50, till=2)
        shop.clock.now = at_ms(f"{day} 12:30")
        shop.services.closings.close_due()
        shop.sell(day, 7, till=2)
        shop.night_after(day)
    assert shop.periods(OTHER) == [("2026-11-21", 0), ("2026-11-22", 0)]
    assert [only(one.closing.grand).gross_minor for one in shop.closings(DAYS)] == [100, 157, 214]


def test_what_a_till_sends_days_later_amends_its_days_and_the_closing_itself_stays(shop: ClosingShop) -> None:
    shop.sell("2026-11-20", 100)
    shop.night_after("2026-11-20")
    before = shop.closings(TILL)[0]
    shop.night_after("2026-11-22")
    shop.sell("2026-11-20", 238)
    shop.sell("2026-11-22", 50)
    shop.night_after("2026-11-23")
    assert shop.periods(TILL) == [
        ("2026-11-20", 0),
        ("2026-11-21", 0),
        ("2026-11-22", 0),
        ("2026-11-20", 1),
        ("2026-11-22", 3),
        ("2026-11-23", 0),
    ]
    assert shop.closings(TILL)[0].seal == before.seal
    assert shop.closings(TILL)[0].amended_by == 4
    amending = shop.newest(TILL, "2026-11-20")
    assert only(amending.figures).gross_minor == 338
    assert [only(one.closing.grand).gross_minor for one in shop.closings(TILL)] == [
        100,
        100,
        100,
        338,
        388,
        388,
    ]
    of_store = shop.newest(DAYS, "2026-11-20")
    assert (of_store.amends, only(of_store.figures).gross_minor) == (1, 338)


def test_a_month_and_a_year_add_up_their_parts_and_are_amended_with_them(shop: ClosingShop) -> None:
    shop.sell("2026-11-29", 100)
    shop.night_after("2026-12-01")
    assert shop.periods(MONTHS) == [("2026-11", 0)]
    shop.sell("2026-12-31", 200)
    shop.night_after("2026-12-31")
    assert shop.periods(MONTHS) == [("2026-11", 0), ("2026-12", 0)]
    assert shop.periods(YEARS) == [("2026", 0)]
    assert only(shop.newest(YEARS, "2026").figures).gross_minor == 300
    shop.sell("2026-11-30", 50)
    shop.night_after("2027-01-01")
    assert shop.periods(MONTHS) == [("2026-11", 0), ("2026-12", 0), ("2026-11", 1)]
    assert shop.periods(YEARS) == [("2026", 0), ("2026", 1)]
    year = shop.newest(YEARS, "2026")
    assert only(year.figures).gross_minor == only(year.grand).gross_minor == 350
    assert len(shop.newest(MONTHS, "2026-12").parts) == 31


def test_today_can_be_closed_on_request_and_what_is_sold_after_amends_it_at_night(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.clock.now = at_ms("2026-11-21 18:00")
    assert shop.services.closings.close_now("03", "2026-11-21") == 2
    assert shop.services.closings.close_now("03", "2026-11-21") == 0
    shop.sell("2026-11-21", 50)
    shop.services.closings.close_due()
    assert shop.periods(TILL) == [("2026-11-21", 0)]
    shop.night_after("2026-11-21")
    assert shop.periods(TILL) == [("2026-11-21", 0), ("2026-11-21", 1)]
    assert only(shop.newest(DAYS, "2026-11-21").figures).gross_minor == 150
