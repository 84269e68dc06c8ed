"""Leases and refunds in the till's books: spent with the fact, in its transaction, and counted wherever it moves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pos_client.journal_check import verify
from pos_client.store.books import TillBooks
from pos_client.till.ports import Escrow
from shared_models.leases import LeaseReply, LeaseRequest
from shared_models.offline_limits import Spent
from shared_models.refund import GivenBack, RefundPosted, taken_back
from shared_models.stored_value import GiftRedeemed
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, shift_closed, shift_opened

SALE = a_sale(lines=2)
DAY = "2026-11-21"
HELD, ASIDE = "1" * 32, "2" * 32


def lent(books: TillBooks, lease_id: str, amount: int, kind: Any = "gift") -> None:
    account = "gift" if kind == "escrow" else ""
    books.leases.asked(
        LeaseRequest(lease_id=lease_id, kind=kind, account=account, subject="6035", amount=amount)
    )
    books.leases.answered(LeaseReply(lease_id=lease_id, state="granted", amount=amount), 10_000)


def redeemed(amount: int, lease_id: str) -> GiftRedeemed:
    return GiftRedeemed(
        card="6035",
        amount_minor=amount,
        currency="EUR",
        lease_id=lease_id,
        sale_id=SALE.sale_id,
        store_id="03",
        till_id="03-2",
        shift_id="s1",
        operator_id="op1",
        business_date=DAY,
    )


def refunded(lease_id: str = "", line: int = 1) -> RefundPosted:
    part = taken_back(SALE.lines[line - 1], 1000)
    return RefundPosted(
        refund_id="r1",
        sale_id=SALE.sale_id,
        receipt_number="03-2-ABC-000001",
        lease_id=lease_id,
        store_id="03",
        till_id="03-2",
        shift_id="s1",
        operator_id="op1",
        operator_name="Ada",
        business_date=DAY,
        currency="EUR",
        lines=(part,),
        net_minor=part.net_minor,
        tax_minor=part.tax_minor,
        total_minor=part.gross_minor,
        given_back=(GivenBack("cash", part.gross_minor),),
    )


def test_a_sale_and_what_it_took_off_a_card_are_one_commit(books: TillBooks) -> None:
    lent(books, HELD, 500)
    books.post_sale(SALE, redeemed(300, HELD), open_drawer=False)
    assert [entry.type for entry in books.entries(books.segments()[-1].incarnation, 0, 9, 1 << 20)] == [
        "sale.posted",
        "gift.redeemed",
    ]
    assert books.leases.to_tell() == ((HELD, 300),)
    books.leases.told(HELD)
    assert books.leases.to_tell() == ()


def test_what_was_put_aside_grows_less_and_outlives_a_start_until_it_runs_out(till: Open) -> None:
    books = till()
    lent(books, ASIDE, 500, "escrow")
    books.post_sale(SALE, redeemed(300, ASIDE), open_drawer=False)
    books.close()
    books = till(2)
    assert books.leases.escrows("gift", "6035", 9_999) == (Escrow(ASIDE, 200),)
    assert books.leases.escrows("gift", "6035", 10_000) == ()
    assert books.leases.to_tell() == ()
    books.leases.run_out(10_000)
    assert books.leases.to_tell() == ((ASIDE, 300),)


@pytest.mark.expects_log
@pytest.mark.parametrize("how", ["put back", "parted"])
def test_files_that_may_be_a_copy_spend_nothing_that_was_put_aside(
    till: Open, tmp_path: Path, how: str
) -> None:
    """Yesterday's files put back hold what today has spent already."""
    books = till()
    books.post(shift_opened())
    lent(books, ASIDE, 500, "escrow")
    yesterday = (tmp_path / "books", tmp_path / "yesterday")
    if how == "parted":
        books.reincarnate(books.segments()[-1].incarnation, 1, "diverged")
    else:
        books.close()
        shutil.copytree(*yesterday)
        books = till(2)
        books.post_sale(SALE, redeemed(500, ASIDE), open_drawer=False)
        books.close()
        shutil.rmtree(yesterday[0])
        shutil.copytree(yesterday[1], yesterday[0])
        books = till(3)
    assert len(books.segments()) == 2
    assert books.leases.escrows("gift", "6035", 0) == ()
    assert books.leases.to_tell() == ((ASIDE, 0),)


def test_a_refund_lessens_what_the_drawer_should_hold_and_nothing_of_the_sales(books: TillBooks) -> None:
    books.post(shift_opened())
    books.post_sale(SALE, open_drawer=True)
    before = books.shift_totals("s1")
    books.post(refunded(), drawer_reason="refund")
    after = books.shift_totals("s1")
    assert after.expected_minor == before.expected_minor - 238
    assert (after.refund_count, after.refund_minor, after.refund_cash_minor) == (1, 238, 238)
    assert after.gross_minor == before.gross_minor
    assert books.taken_back(SALE.sale_id) == {1: 1000}
    assert shift_closed(books).totals.refund_cash_minor == 238


def test_only_what_nobody_was_asked_for_counts_against_the_tills_own_limits(books: TillBooks) -> None:
    lent(books, HELD, 500)
    books.post_sale(SALE, redeemed(300, HELD), redeemed(100, ""), open_drawer=False)
    books.post(refunded("3" * 32))
    assert books.unasked("gift", SALE.sale_id, DAY) == Spent(100, 100, 1)
    assert books.unasked("gift", "another", DAY) == Spent(0, 100, 0)
    assert books.unasked("refund", SALE.sale_id, DAY) == Spent()
    books.post(refunded("", 2))
    assert books.unasked("refund", SALE.sale_id, DAY) == Spent(238, 238, 1)
    assert books.taken_back(SALE.sale_id) == {1: 1000, 2: 1000}


def test_refunds_follow_their_entries_into_a_new_incarnation(books: TillBooks) -> None:
    books.post(shift_opened())
    books.post_sale(SALE, redeemed(100, ""), open_drawer=True)
    books.post(refunded())
    before = books.shift_totals("s1")
    books.reincarnate(books.segments()[-1].incarnation, 1, "diverged")
    after = books.shift_totals("s1")
    assert (after.expected_minor, after.refund_minor) == (before.expected_minor, before.refund_minor)
    assert books.unasked("gift", SALE.sale_id, DAY) == Spent(100, 100, 1)
    assert verify(books.database.path, None, PUBLIC_KEY, None).faults == ()
