"""The main road: log in, open, scan, pay cash, next customer."""

from __future__ import annotations

import subprocess
import sys

from pos_client.till.errors import StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, Severity
from shared_models.sale import SalePosted
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import COLA, OAT_DRINK


def test_a_day_begins_with_a_pin_and_a_float(shop: Shop) -> None:
    assert shop.till.state.phase is Phase.LOCKED
    assert shop.till.log_in("1111").phase is Phase.NO_SHIFT
    state = shop.till.open_shift(15_000)
    assert state.phase is Phase.SALE
    assert state.shift is not None
    assert state.shift.operator_name == "Ana R."


def test_a_basket_is_paid_in_cash_with_change(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.scan("roll")
    assert till.start_tender().phase is Phase.TENDER
    till.tender_cash(500)
    state = till.finish_sale()
    assert state.phase is Phase.CHANGE
    assert state.done is not None
    assert (state.done.total_minor, state.done.change_minor) == (339, 161)
    assert state.lines == ()
    (sale,) = shop.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert sale.receipt_number == "03-2-K7Q-000001"
    assert shop.books.pulses == ["sale"]
    assert shop.books.printed == ["receipt 03-2-K7Q-000001 copy 0"]


def test_a_scan_leaves_the_change_display(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(90)
    till.finish_sale()
    state = till.scan("roll")
    assert state.phase is Phase.SALE
    assert [line.name for line in state.lines] == ["Sourdough roll"]
    assert state.done is not None


def test_a_scan_that_finds_nothing_keeps_the_change_on_the_screen(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    till.finish_sale()
    state = till.scan("nothing")
    assert state.phase is Phase.CHANGE
    assert state.notice is not None


def test_a_scan_touches_one_line_of_a_long_ticket(till: TillSession) -> None:
    for _ in range(50):
        till.scan("roll")
        before = till.scan(OAT_DRINK)
    after = till.scan("roll")
    assert len(after.lines) == 101
    assert all(old is new for old, new in zip(before.lines, after.lines, strict=False))


def test_selling_ordinary_goods_loads_no_slow_library() -> None:
    script = """
import sys
from tests.pos_client.till.conftest import Shop
till = Shop().opened()
for code in ("roll", "7394376616228", "3*roll", "nothing"):
    till.scan(code)
assert len(till.state.lines) == 3
print(sorted({"biip", "reportlab", "argon2"} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"


def test_the_same_product_twice_in_a_row_is_one_line_of_two(till: TillSession) -> None:
    till.scan("roll")
    state = till.scan("roll")
    assert [line.quantity_milli for line in state.lines] == [2000]
    assert state.to_pay_minor == 180


def test_another_product_between_begins_a_new_line(till: TillSession) -> None:
    for code in ("roll", OAT_DRINK, "roll"):
        state = till.scan(code)
    assert [line.amount_minor for line in state.lines] == [90, 249, 90]


def test_a_deposit_comes_along_and_counts_along(till: TillSession) -> None:
    till.scan(COLA)
    state = till.scan(COLA)
    assert [(line.name, line.quantity_milli) for line in state.lines] == [
        ("Cola 0.33", 2000),
        ("Deposit 0.25", 2000),
    ]
    assert state.to_pay_minor == 2 * (129 + 25)
    assert state.selected == 0


def test_a_failed_commit_opens_no_drawer(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.start_tender()
    before = till.tender_cash(1000)
    shop.books.failure = StorageFull("The disk is full.")
    state = till.finish_sale()
    assert state.notice is not None
    assert (state.notice.words.code, state.notice.severity) == ("storage_full", Severity.DANGER)
    assert (state.phase, state.lines, state.tender) == (Phase.TENDER, before.lines, before.tender)
    assert shop.books.pulses == []
    assert shop.books.printed == []
    assert till.finish_sale().phase is Phase.CHANGE


def test_a_sale_needs_an_open_shift(shop: Shop) -> None:
    shop.till.log_in("1111")
    state = shop.till.scan(OAT_DRINK)
    assert state.notice is not None
    assert state.notice.words.code == "no_shift"
    assert state.lines == ()
