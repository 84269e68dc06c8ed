"""Refunds against a receipt: claimed line by line, never more than was sold, and found when it happened anyway."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from shared_models.leases import ClaimedLine
from shared_models.sale import SalePosted
from sync_server.leases.tables import refund, refund_claim
from tests.sync_server.leases.lending_shop import LendingShop, kinds, named, refund_lease, refunded
from tests.sync_server.made_up_days import a_line, a_sale

SALE = a_sale(1, a_line(1, "p1", 3, 119), a_line(2, "p2", 1, 99, "Cup"))


@pytest.fixture
def sold(shop: LendingShop) -> LendingShop:
    """Three teas and a cup have been sold on till 03-1."""
    shop.bring(1, SALE)
    return shop


def counts(shop: LendingShop, line_no: int, sale: SalePosted = SALE) -> tuple[int, int]:
    """(pieces that went back, pieces that somebody claims)"""
    line = (refund_claim.c.sale_id == sale.sale_id) & (refund_claim.c.line_no == line_no)
    with shop.database.read() as tx:
        row = tx.execute(select(refund_claim).where(line)).one()
    return row.refunded_milli // 1000, row.claimed_milli // 1000


def test_two_tills_can_not_refund_the_same_goods(sold: LendingShop) -> None:
    first = sold.ask(1, refund_lease(SALE.sale_id, (1, 2), (2, 1)))
    assert first.state == "granted"
    assert first.before == (
        ClaimedLine(line_no=1, quantity_milli=0),
        ClaimedLine(line_no=2, quantity_milli=0),
    )
    second = sold.ask(2, refund_lease(SALE.sale_id, (1, 2)))
    assert (second.state, second.code) == ("denied", "refunded_before")
    assert second.reason == "Of line 1 of this receipt only 1 are left to refund."
    third = sold.ask(2, refund_lease(SALE.sale_id, (1, 1)))
    assert third.before == (ClaimedLine(line_no=1, quantity_milli=2000),)
    assert sold.ask(2, refund_lease(SALE.sale_id, (2, 1))).reason.startswith(
        "Line 2 of this receipt has been"
    )
    sold.bring(1, refunded(SALE, (1, 2, 0), (2, 1, 0), lease_id=first.lease_id))
    sold.bring(2, refunded(SALE, (1, 1, 2), lease_id=third.lease_id, till="03-2"))
    assert (counts(sold, 1), counts(sold, 2)) == ((3, 0), (1, 0))
    assert sold.ask(1, refund_lease(SALE.sale_id, (1, 1))).state == "denied"
    assert sold.cases() == []


def test_a_till_reads_a_receipt_that_another_till_printed(sold: LendingShop) -> None:
    assert sold.receipt(2, SALE.receipt_number).sale == SALE
    assert sold.receipt(2, SALE.receipt_number).before == ()
    lease_id = sold.ask(1, refund_lease(SALE.sale_id, (1, 2))).lease_id
    two = (ClaimedLine(line_no=1, quantity_milli=2000),)
    assert sold.receipt(2, SALE.receipt_number).before == two
    sold.bring(1, refunded(SALE, (1, 2, 0), lease_id=lease_id))
    assert sold.receipt(2, SALE.receipt_number).before == two
    assert sold.receipt(2, "03-9-XXX-000001").sale is None


def test_of_several_lines_all_are_claimed_or_none(sold: LendingShop) -> None:
    assert sold.ask(1, refund_lease(SALE.sale_id, (1, 1), (2, 2))).state == "denied"
    with sold.database.read() as tx:
        assert tx.execute(select(refund_claim)).all() == []
    assert sold.ask(1, refund_lease(SALE.sale_id, (1, 3), (2, 1))).state == "granted"


def test_a_refund_asked_for_twice_is_claimed_once_and_told_the_same(sold: LendingShop) -> None:
    wanted = refund_lease(SALE.sale_id, (1, 2))
    first = sold.ask(1, wanted)
    sold.ask(2, refund_lease(SALE.sale_id, (1, 1)))
    assert sold.ask(1, wanted).before == first.before
    assert counts(sold, 1) == (0, 3)


def test_a_claim_that_is_given_back_or_captured_and_told_by_the_journal_counts_once(
    sold: LendingShop,
) -> None:
    given_back = sold.ask(1, refund_lease(SALE.sale_id, (1, 3))).lease_id
    assert sold.release(1, given_back).state == "released"
    assert counts(sold, 1) == (0, 0)
    lease_id = sold.ask(1, refund_lease(SALE.sale_id, (1, 3))).lease_id
    assert sold.capture(1, lease_id, 1).state == "captured"
    assert counts(sold, 1) == (0, 3)
    sold.bring(1, refunded(SALE, (1, 3, 0), lease_id=lease_id))
    sold.bring_again(1)
    sold.capture(1, lease_id, 1)
    assert counts(sold, 1) == (3, 0)
    assert sold.cases() == []


def test_a_sale_that_is_not_on_the_server_yet_is_no_ground_for_a_lease(shop: LendingShop) -> None:
    answer = shop.ask(1, refund_lease(SALE.sale_id, (1, 1)))
    assert (answer.state, answer.code) == ("denied", "unknown_sale")
    shop.bring(2, refunded(SALE, (1, 3, 0), till="03-2"))
    assert shop.cases() == [], "its receipt is believed until the sale arrives"
    shop.bring(1, SALE)
    assert shop.ask(1, refund_lease(SALE.sale_id, (1, 1))).state == "denied"
    assert shop.ask(1, refund_lease(SALE.sale_id, (2, 1))).state == "granted"


def test_a_line_that_the_receipt_does_not_have_is_denied(sold: LendingShop) -> None:
    assert sold.ask(1, refund_lease(SALE.sale_id, (9, 1))).state == "denied"


def test_refunds_past_what_was_sold_are_a_case_that_names_each_of_them(sold: LendingShop) -> None:
    (one,) = sold.bring(1, refunded(SALE, (1, 2, 0)))
    assert sold.cases() == []
    (two,) = sold.bring(2, refunded(SALE, (1, 2, 0), till="03-2"))
    (case,) = sold.cases()
    assert (case.kind, case.till_id, case.refs["receipt"]) == ("over_refund", "03-2", SALE.receipt_number)
    assert named(case, "refund") == [one, two]
    assert "line 1, Tea" in case.sentence
    assert counts(sold, 1) == (4, 0)
    with sold.database.read() as tx:
        rows = tx.execute(select(refund.c.till_id, refund.c.cash_minor).order_by(refund.c.till_id)).all()
    assert [tuple(row) for row in rows] == [("03-1", 238), ("03-2", 238)], "the money is gone as it was given"


def test_more_money_back_than_was_paid_is_a_case_too(sold: LendingShop) -> None:
    fact = refunded(SALE, (2, 1, 0))
    line = fact.lines[0]
    dear = replace(line, net_minor=line.net_minor + 500, gross_minor=line.gross_minor + 500)
    sold.bring(1, replace(fact, lines=(dear,)))
    assert kinds(sold.cases()) == ["over_refund"]


def test_a_line_refunded_in_parts_is_nobodys_fault_by_a_cent(shop: LendingShop) -> None:
    odd = a_sale(2, a_line(1, "p1", 3, 33))
    shop.bring(1, odd)
    for piece in range(3):
        lease_id = shop.ask(1, refund_lease(odd.sale_id, (1, 1))).lease_id
        shop.bring(1, refunded(odd, (1, 1, piece), lease_id=lease_id))
    assert counts(shop, 1, odd) == (3, 0)
    assert shop.cases() == []


def test_a_refund_of_nothing_waits_for_a_person(sold: LendingShop) -> None:
    sold.bring(1, replace(refunded(SALE, (1, 1, 0)), lines=()))
    assert kinds(sold.cases()) == ["quarantined"]
