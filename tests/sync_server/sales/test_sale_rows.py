"""A sale as rows: what each tender kept, and whether the figures hold together."""

from __future__ import annotations

import pytest

from shared_models.sale import SaleVoided, Tender, VoidedLine
from sync_server.database import Database
from sync_server.exceptions.service import ExceptionService
from sync_server.reports.takings import takings
from sync_server.sales.rows import discrepancies, tender_rows, void_rows
from sync_server.sales.service import SaleFilter, SalesService
from tests.sync_server.made_up_days import a_line, a_sale, an_entry


def kept(*tenders: Tender, change: int) -> dict[str, int]:
    rows = list(tender_rows(an_entry(1, a_sale(1, tenders=tenders, change_minor=change))))
    found: dict[str, int] = {}
    for row in rows:
        kind, amount = str(row[2]), row[4]
        assert isinstance(amount, int)
        found[kind] = found.get(kind, 0) + amount
    return found


def test_change_comes_off_the_cash() -> None:
    assert kept(Tender("card", 500), Tender("cash", 1000), change=300) == {"card": 500, "cash": 700}


def test_change_on_a_voucher_is_cash_that_left_the_drawer() -> None:
    assert kept(Tender("voucher", 1000), change=300) == {"voucher": 1000, "cash": -300}


def test_two_handfuls_of_cash_give_the_change_once() -> None:
    assert kept(Tender("cash", 500), Tender("cash", 500), change=100) == {"cash": 900}


def test_a_sound_sale_has_no_discrepancy() -> None:
    assert discrepancies(a_sale(1, a_line(1), a_line(2, price=333))) == []


@pytest.mark.parametrize("changes", [{"net_minor": 1}, {"tax_minor": 1}, {"change_minor": 0}, {"taxes": ()}])
def test_a_sale_that_does_not_add_up_says_where(changes: dict[str, object]) -> None:
    assert discrepancies(a_sale(1, **changes))


def test_cash_rounding_belongs_to_what_is_kept() -> None:
    assert (
        discrepancies(a_sale(1, tenders=(Tender("cash", 120),), change_minor=0, cash_rounding_minor=1)) == []
    )


def test_what_was_taken_off_a_ticket_is_remembered(database: Database) -> None:
    line = VoidedLine("p1", "Tea", 1000, 119, 5, "op1")
    given_up = SaleVoided(
        sale_id="s", till_id="03-1", shift_id="x", operator_id="op1", total_minor=119, lines=(line,)
    )
    entries = [an_entry(1, a_sale(1, voided_lines=(line,))), an_entry(2, given_up)]
    assert [len(list(void_rows(entry))) for entry in entries] == [1, 2]
    service = SalesService(ExceptionService(lambda: 1), lambda tx, id: entries[0].recorded)
    with database.write() as tx:
        service.record_many(tx, entries)
        service.record_many(tx, entries)
        assert takings(tx, SaleFilter(), "till").totals[0].sale_count == 1


@pytest.mark.parametrize("far", [-(10**17), 0, 10**17])
def test_a_till_may_state_any_time_at_all(database: Database, far: int) -> None:
    service = SalesService(ExceptionService(lambda: 1), lambda tx, id: an_entry(1, a_sale(1)).recorded)
    with database.write() as tx:
        service.record(tx, an_entry(1, a_sale(1), at_ms=far))
        assert len(service.sales(tx, SaleFilter())) == 1
        assert takings(tx, SaleFilter(), "hour").rows[0].gross_minor == 119
