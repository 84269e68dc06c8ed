"""Quantity, price, discounts, notes, voiding, parking."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.errors import StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from shared_models.sale import SaleParked, SalePosted, SaleRecalled, SaleVoided
from shared_models.tax import RoundingPolicy
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import COLA, OAT_DRINK, SALES_TAX, STORE, VAT_19, offer


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def asked(state: TillState) -> str:
    return state.question.words.code if state.question else ""


def pay(shop: Shop, received: int = 100_000) -> SalePosted:
    shop.till.start_tender()
    shop.till.tender_cash(received)
    shop.till.finish_sale()
    sale = shop.books.of_kind(SalePosted)[-1]
    assert isinstance(sale, SalePosted)
    return sale


def small_print(state: TillState, index: int = 0) -> list[str]:
    return [words.code for words in state.lines[index].small_print]


def test_the_selected_lines_quantity_changes(till: TillSession) -> None:
    till.scan("roll")
    till.scan(OAT_DRINK)
    till.select(0)
    state = till.set_quantity(5000)
    assert ([line.quantity_milli for line in state.lines], state.selected) == ([5000, 1000], 0)


@pytest.mark.parametrize(
    ("quantity", "why"),
    [
        (0, "quantity_zero"),
        (-1000, "quantity_zero"),
        (1500, "whole_pieces"),
        (4006381333931 * 1000, "quantity_too_large"),
    ],
)
def test_a_quantity_that_can_not_be_leaves_the_line(till: TillSession, quantity: int, why: str) -> None:
    before = till.scan("roll")
    state = till.set_quantity(quantity)
    assert (said(state), state.lines) == (why, before.lines)


def test_more_money_than_a_till_can_hold_is_refused(shop: Shop, till: TillSession) -> None:
    shop.catalogue.offers["p-yacht"] = offer("p-yacht", "Yacht", 9_000_000_000_000, "yacht")
    till.scan("yacht")
    assert said(till.set_quantity(20_000)) == "amount_too_large"
    till.set_quantity(9_000)
    till.scan("roll")
    assert said(till.scan("9*yacht")) == "amount_too_large"
    assert len(till.state.lines) == 2


def test_there_must_be_a_line_to_change(till: TillSession) -> None:
    assert said(till.set_quantity(2000)) == "no_line"
    assert said(till.select(0)) == "no_line"
    assert said(till.void_line()) == "no_line"
    assert said(till.discount_sale(percent_ppm=100_000, reason="x")) == "nothing_to_discount"


def test_the_price_captured_at_the_scan_stays(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    shop.catalogue.reprice("p-oat", 299)
    state = till.scan(OAT_DRINK)
    assert [line.unit_price_minor for line in state.lines] == [249, 299]
    assert [line.price_id for line in pay(shop).lines] == ["price-p-oat", "price-p-oat-new"]


def test_a_percentage_follows_the_quantity_and_explains_itself(shop: Shop, manager_till: TillSession) -> None:
    manager_till.scan(OAT_DRINK)
    manager_till.discount_line(percent_ppm=200_000, reason="Winter sale")
    state = manager_till.set_quantity(10_000)
    assert (state.to_pay_minor, state.discount_minor) == (1992, 498)
    (explained,) = [words for words in state.lines[0].small_print if words.code == "line_discount"]
    assert explained.values == {"label": "Winter sale", "rate_ppm": 200_000, "was_minor": 2490}
    (line,) = pay(shop).lines
    assert (line.gross_minor, line.discounts[0].amount_minor) == (1992, 498)


def test_an_amount_comes_off_a_line_and_can_be_taken_back(manager_till: TillSession) -> None:
    manager_till.scan(OAT_DRINK)
    state = manager_till.discount_line(amount_minor=49, reason="dented")
    assert state.to_pay_minor == 200
    assert "line_discount_amount" in small_print(state)
    assert manager_till.discount_line().to_pay_minor == 249


def test_a_discounted_line_does_not_swallow_the_next_scan(manager_till: TillSession) -> None:
    manager_till.scan(OAT_DRINK)
    manager_till.discount_line(amount_minor=49, reason="dented")
    assert [line.amount_minor for line in manager_till.scan(OAT_DRINK).lines] == [200, 249]


def test_a_discount_on_the_sale_is_shared_without_a_remainder(shop: Shop, manager_till: TillSession) -> None:
    for code in (OAT_DRINK, "roll", "milk"):
        manager_till.scan(code)
    manager_till.answer(True, "L1")
    state = manager_till.discount_sale(amount_minor=100, reason="Regular customer")
    assert (state.to_pay_minor, state.discount_minor) == (398, 100)
    assert "sale_discount" in small_print(state)
    sale = pay(shop)
    assert sum(discount.amount_minor for line in sale.lines for discount in line.discounts) == 100
    assert sum(line.gross_minor for line in sale.lines) == sale.total_minor == 398


def test_no_discount_touches_a_deposit(manager_till: TillSession) -> None:
    manager_till.scan(COLA)
    state = manager_till.discount_sale(percent_ppm=1_000_000, reason="On the house")
    assert [line.amount_minor for line in state.lines] == [0, 25]
    assert manager_till.discount_sale().to_pay_minor == 154


@pytest.mark.parametrize(
    ("percent", "amount", "reason", "why"),
    [
        (1_000_001, 0, "x", "bad_discount"),
        (-1, 0, "x", "bad_discount"),
        (0, 250, "x", "bad_discount"),
        (0, -5, "x", "bad_discount"),
        (100_000, 5, "x", "bad_discount"),
        (100_000, 0, "  ", "reason_needed"),
    ],
)
def test_a_discount_that_makes_no_sense_is_refused(
    manager_till: TillSession, percent: int, amount: int, reason: str, why: str
) -> None:
    manager_till.scan(OAT_DRINK)
    state = manager_till.discount_line(percent_ppm=percent, amount_minor=amount, reason=reason)
    assert (said(state), state.to_pay_minor) == (why, 249)


def test_anas_discount_needs_a_manager_whose_name_stays_with_it(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    assert asked(till.discount_line(percent_ppm=100_000, reason="dented")) == "approver_pin"
    till.answer(True, "9999")
    assert pay(shop).lines[0].discounts[0].reference == "s-max"


def test_a_price_is_overridden_with_a_reason(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    assert said(till.set_price(199, "")) == "reason_needed"
    assert said(till.set_price(-1, "x")) == "bad_price"
    till.set_price(199, "shelf label said so")
    state = till.answer(True, "9999")
    assert state.to_pay_minor == 199
    assert "price_override" in small_print(state)
    (line,) = pay(shop).lines
    assert (line.unit_price_minor, line.regular_price_minor) == (199, 249)
    assert line.override_reason == "shelf label said so (approved by s-max)"


def test_a_manager_overrides_on_his_own(shop: Shop, manager_till: TillSession) -> None:
    manager_till.scan(OAT_DRINK)
    manager_till.set_price(0, "gift")
    assert pay(shop, 5).lines[0].override_reason == "gift"


def test_a_note_is_kept_with_the_line_and_can_be_wiped(till: TillSession) -> None:
    till.scan("roll")
    assert "note" in small_print(till.note_line("no seeds"))
    assert "note" not in small_print(till.note_line(" "))
    assert said(till.note_line("x" * 61)) == "text_too_long"


def test_a_voided_line_is_gone_from_the_ticket_and_kept_in_the_sale(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.scan("roll")
    till.select(0)
    state = till.void_line()
    assert ([line.name for line in state.lines], state.selected) == (["Sourdough roll"], 0)
    (voided,) = pay(shop).voided_lines
    assert (voided.name, voided.gross_minor, voided.operator_id) == ("Oat drink barista 1 L", 249, "s-ana")


def test_a_bottle_goes_with_its_deposit_and_not_without(shop: Shop, till: TillSession) -> None:
    till.scan(COLA)
    till.select(1)
    assert said(till.void_line()) == "deposit_follows"
    assert said(till.set_quantity(2000)) == "deposit_follows"
    till.select(0)
    till.set_quantity(3000)
    assert [line.quantity_milli for line in till.state.lines] == [3000, 3000]
    assert till.void_line().lines == ()
    till.scan("roll")
    assert [voided.name for voided in pay(shop).voided_lines] == ["Cola 0.33", "Deposit 0.25"]


def test_a_deposit_line_names_its_bottle_in_the_sale(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    till.scan(COLA)
    assert [line.deposit_of for line in pay(shop).lines] == [None, None, 2]


def test_voiding_the_sale_asks_by_amount_and_needs_a_manager(shop: Shop, till: TillSession) -> None:
    assert said(till.void_sale()) == "nothing_to_void"
    till.scan(OAT_DRINK)
    till.scan("roll")
    till.void_line()
    state = till.void_sale()
    assert state.question is not None
    assert state.question.words.values == {"amount_minor": 249}
    assert len(till.answer(False).lines) == 1
    till.void_sale()
    assert asked(till.answer(True)) == "approver_pin"
    state = till.answer(True, "9999")
    assert (said(state), state.lines) == ("sale_voided", ())
    (fact,) = shop.books.of_kind(SaleVoided)
    assert isinstance(fact, SaleVoided)
    assert [line.name for line in fact.lines] == ["Sourdough roll", "Oat drink barista 1 L"]
    assert (fact.total_minor, fact.reason) == (249, "approved by s-max")


def test_a_void_that_can_not_be_written_leaves_the_ticket(shop: Shop, manager_till: TillSession) -> None:
    before = manager_till.scan("roll")
    manager_till.void_sale()
    shop.books.failure = StorageFull("The disk is full.")
    state = manager_till.answer(True)
    assert (said(state), state.lines, state.question) == ("storage_full", before.lines, None)


def test_a_parked_ticket_comes_back_as_it_was(shop: Shop, till: TillSession) -> None:
    till.scan(COLA)
    till.scan("roll")
    till.void_line()
    before = till.state
    state = till.park("the lady in red")
    assert (state.lines, said(state)) == ((), "parked")
    (parked,) = state.parked
    assert (parked.label, parked.total_minor, parked.line_count) == ("the lady in red", 154, 2)
    shop.catalogue.reprice("p-cola", 999)
    state = till.recall(parked.sale_id)
    assert (state.lines, state.parked) == (before.lines, ())
    assert len(pay(shop).voided_lines) == 1
    assert [type(fact) for _, _, fact in shop.books.facts][-3:] == [SaleParked, SaleRecalled, SalePosted]


def test_a_ticket_parked_without_a_name_has_the_time(till: TillSession) -> None:
    till.scan("roll")
    assert till.park().parked[0].label == "08:04"


def test_what_can_not_be_parked_or_recalled_says_so(till: TillSession) -> None:
    assert said(till.park()) == "nothing_to_park"
    assert said(till.recall("nobody")) == "not_parked"
    till.scan("roll")
    (parked,) = till.park().parked
    till.scan(OAT_DRINK)
    assert said(till.recall(parked.sale_id)) == "ticket_open"


def test_parking_on_a_full_disk_keeps_the_ticket_on_the_counter(shop: Shop, till: TillSession) -> None:
    before = till.scan("roll")
    shop.books.failure = StorageFull("The disk is full.")
    state = till.park()
    assert (said(state), state.lines, state.parked) == ("storage_full", before.lines, ())


def test_recalling_on_a_full_disk_leaves_the_ticket_parked(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    (parked,) = till.park().parked
    shop.books.fail_facts = StorageFull("The disk is full.")
    state = till.recall(parked.sale_id)
    assert (said(state), state.lines, len(state.parked)) == ("storage_full", (), 1)
    assert shop.books.saved_cart() == b""


def test_a_parked_ticket_that_can_not_be_read_stays_parked(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    (parked,) = till.park().parked
    shop.books.put_aside[parked.sale_id] = msgspec.structs.replace(
        shop.books.put_aside[parked.sale_id], body=b"nonsense"
    )
    assert said(till.recall(parked.sale_id)) == "parked_unreadable"
    assert len(till.state.parked) == 1


def test_lines_voided_before_a_recall_are_written_down(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    (parked,) = till.park().parked
    till.scan(OAT_DRINK)
    till.void_line()
    assert till.recall(parked.sale_id).notice is None
    (fact,) = shop.books.of_kind(SaleVoided)
    assert isinstance(fact, SaleVoided)
    assert [line.name for line in fact.lines] == ["Oat drink barista 1 L"]


def test_a_ticket_has_an_end(shop: Shop, till: TillSession) -> None:
    for number in range(2):
        shop.catalogue.offers[f"n{number}"] = offer(f"n{number}", f"Nail {number}", 1, f"nail{number}")
    for at in range(1000):
        till.scan(f"nail{at % 2}")
    state = till.scan("nail0")
    assert (said(state), len(state.lines)) == ("ticket_full", 1000)


def test_added_tax_and_several_rates_add_up(shop: Shop, till: TillSession) -> None:
    shop.catalogue.offers["p-pen"] = offer("p-pen", "Pen", 999, "pen", tax=SALES_TAX)
    till.scan("pen")
    state = till.scan(COLA)
    assert [(tax.name, tax.included) for tax in state.taxes] == [
        ("Sales tax 8.25 %", False),
        ("VAT 19 %", True),
    ]
    assert state.to_pay_minor == 999 + 82 + 154
    sale = pay(shop)
    assert sale.total_minor == sale.net_minor + sale.tax_minor == sum(line.gross_minor for line in sale.lines)


@pytest.mark.parametrize("policy", list(RoundingPolicy))
def test_every_rounding_policy_is_named_on_the_sale(policy: RoundingPolicy) -> None:
    shop = Shop(store=msgspec.structs.replace(STORE, rounding_policy=policy))
    till = shop.opened("9999")
    for code in ("3*" + OAT_DRINK, COLA, "roll"):
        till.scan(code)
    till.discount_sale(percent_ppm=33_333, reason="odd")
    shown = till.state.to_pay_minor
    sale = pay(shop)
    assert (sale.rounding_policy, sale.total_minor) == (policy.value, shown)
    assert sum(line.gross_minor for line in sale.lines) == shown


def test_taxes_that_leave_no_net_are_refused_at_the_scan(shop: Shop, till: TillSession) -> None:
    broken = msgspec.structs.replace(VAT_19, kind="division", rate_ppm=1_000_000, included=False)
    shop.catalogue.offers["p-odd"] = offer("p-odd", "Odd thing", 100, "odd", tax=broken)
    state = till.scan("odd")
    assert (said(state), state.lines, state.phase) == ("trouble", (), Phase.SALE)
