"""Cash: rounding, change, several notes, typing slips, and receipts again."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.errors import StorageFailed, StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from shared_models.sale import ReceiptReprinted, SalePosted
from shared_models.tax import RoundingPolicy
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK, STORE, offer


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def last_sale(shop: Shop) -> SalePosted:
    sale = shop.books.of_kind(SalePosted)[-1]
    assert isinstance(sale, SalePosted)
    return sale


def test_an_empty_ticket_can_not_be_paid(till: TillSession) -> None:
    assert said(till.start_tender()) == "nothing_to_pay"


def test_paying_needs_pay_first(till: TillSession) -> None:
    till.scan("roll")
    for state in (till.tender_cash(100), till.finish_sale(), till.remove_tender(), till.back_to_sale()):
        assert (said(state), state.phase) == ("not_paying", Phase.SALE)


def test_the_payment_screen_proposes_what_the_customer_may_hand_over(till: TillSession) -> None:
    till.scan(OAT_DRINK)
    state = till.start_tender()
    assert state.tender is not None
    assert state.tender.quick_minor[:3] == (249, 300, 500)
    assert (state.tender.open_minor, state.tender.can_finish) == (249, False)


def test_too_little_says_how_much_is_missing(till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.start_tender()
    till.tender_cash(200)
    state = till.finish_sale()
    assert state.notice is not None
    assert state.notice.words.values == {"missing_minor": 49}
    assert state.phase is Phase.TENDER


def test_several_notes_add_up_and_the_last_can_be_taken_back(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.start_tender()
    till.tender_cash(200)
    till.tender_cash(5000)
    till.remove_tender()
    state = till.tender_cash(50)
    assert state.tender is not None
    assert (state.tender.change_minor, len(state.tender.tenders)) == (1, 2)
    till.finish_sale()
    assert [tender.received_minor for tender in last_sale(shop).tenders] == [200, 50]


def test_with_nothing_taken_there_is_nothing_to_take_back(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    assert said(till.remove_tender()) == "no_tender"


def test_nobody_counts_out_twenty_one_payments(till: TillSession) -> None:
    till.scan(OAT_DRINK)
    till.start_tender()
    for _ in range(20):
        till.tender_cash(1)
    assert said(till.tender_cash(1)) == "too_many_tenders"


@pytest.mark.parametrize("typed", [0, -100])
def test_nothing_is_no_payment(till: TillSession, typed: int) -> None:
    till.scan("roll")
    till.start_tender()
    assert said(till.tender_cash(typed)) == "bad_amount"


def test_a_barcode_typed_as_money_is_refused(till: TillSession) -> None:
    till.scan("roll")
    before = till.start_tender()
    state = till.tender_cash(4006381333931)
    assert (said(state), state.tender) == ("absurd_amount", before.tender)


def test_a_large_note_for_a_small_sum_is_no_slip(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    assert said(till.tender_cash(50_000)) == ""


def test_going_back_keeps_the_ticket_and_forgets_the_money(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(50)
    assert till.back_to_sale().phase is Phase.SALE
    state = till.start_tender()
    assert state.tender is not None
    assert state.tender.received_minor == 0


def test_a_scan_during_payment_is_refused_and_heard_of(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    state = till.scan("roll")
    assert (said(state), state.to_pay_minor) == ("paying", 90)


@pytest.mark.parametrize(
    ("price", "due", "rounding"), [(3682, 3680, -2), (3683, 3685, 2), (3685, 3685, 0), (2, 0, -2)]
)
def test_cash_goes_in_the_smallest_coin(price: int, due: int, rounding: int) -> None:
    shop = Shop(store=msgspec.structs.replace(STORE, currency="CHF", cash_rounding_minor=5))
    shop.catalogue.offers["p-x"] = offer("p-x", "Thing", price, "x")
    till = shop.opened()
    till.scan("x")
    state = till.start_tender()
    assert state.tender is not None
    assert (state.tender.due_minor, state.tender.rounding_minor) == (due, rounding)
    assert said(till.tender_cash(4001)) == "not_payable_in_cash"
    till.tender_cash(4000)
    till.finish_sale()
    sale = last_sale(shop)
    assert (sale.cash_rounding_minor, sale.change_minor) == (rounding, 4000 - due)
    assert sale.cash_kept_minor() == sale.total_minor + sale.cash_rounding_minor


def test_a_gift_is_posted_and_opens_no_drawer(shop: Shop, manager_till: TillSession) -> None:
    manager_till.scan("roll")
    manager_till.discount_sale(percent_ppm=1_000_000, reason="gift")
    state = manager_till.start_tender()
    assert state.tender is not None
    assert state.tender.can_finish
    assert manager_till.finish_sale().phase is Phase.CHANGE
    assert (last_sale(shop).total_minor, shop.books.pulses) == (0, [])


def test_a_new_rounding_policy_from_head_office_waits_for_the_next_sale(
    shop: Shop, till: TillSession
) -> None:
    till.scan("3*" + OAT_DRINK)
    till.start_tender()
    till.tender_cash(1000)
    shop.catalogue.config = msgspec.structs.replace(STORE, rounding_policy=RoundingPolicy.DOCUMENT_PER_RATE)
    till.finish_sale()
    assert last_sale(shop).rounding_policy == "per_line"
    till.scan("roll")
    till.start_tender()
    till.tender_cash(1000)
    till.finish_sale()
    assert last_sale(shop).rounding_policy == "document_per_rate"


def test_the_change_stays_until_the_next_customer(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    state = till.finish_sale()
    assert (state.phase, state.sale_name) == (Phase.CHANGE, "03-2-K7Q-000002")
    state = till.next_sale()
    assert state.phase is Phase.SALE
    assert state.done is not None
    assert (state.done.change_minor, state.done.received_minor) == (10, 100)


@pytest.mark.parametrize("failure", [StorageFull("Full."), StorageFailed("No answer.")])
def test_a_sale_that_can_not_be_written_is_not_made(
    shop: Shop, till: TillSession, failure: StorageFull | StorageFailed
) -> None:
    till.scan(OAT_DRINK)
    till.start_tender()
    before = till.tender_cash(300)
    shop.books.fail_facts = failure
    for _ in range(3):
        state = till.finish_sale()
        assert (said(state), state.lines, state.tender) == (failure.code, before.lines, before.tender)
    shop.books.fail_facts = None
    assert till.finish_sale().phase is Phase.CHANGE
    assert len(shop.books.sales) == 1


def test_a_receipt_is_printed_again_as_a_copy_with_its_number(shop: Shop, manager_till: TillSession) -> None:
    assert said(manager_till.reprint()) == "no_receipt"
    assert said(manager_till.reprint("03-2-K7Q-000099")) == "unknown_receipt"
    for _ in range(2):
        manager_till.scan("roll")
        manager_till.start_tender()
        manager_till.tender_cash(100)
        manager_till.finish_sale()
    manager_till.reprint()
    manager_till.reprint("03-2-K7Q-000001")
    state = manager_till.reprint()
    assert said(state) == "reprinted"
    assert shop.books.printed[2:] == [
        "receipt 03-2-K7Q-000002 copy 1",
        "receipt 03-2-K7Q-000001 copy 1",
        "receipt 03-2-K7Q-000002 copy 2",
    ]
    assert len(shop.books.of_kind(ReceiptReprinted)) == 3
    assert manager_till.recent_receipts() == ("03-2-K7Q-000002", "03-2-K7Q-000001")


def test_ana_needs_a_manager_for_a_copy(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    till.finish_sale()
    state = till.reprint()
    assert state.question is not None
    assert said(till.answer(True, "9999")) == "reprinted"
