"""Goods come back: against a receipt, once, with the server's word or within the limits without it."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.errors import StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from shared_models.leases import ClaimedLine, ReceiptStated
from shared_models.offline_limits import OfflineLimits
from shared_models.refund import GivenBack, RefundPosted
from shared_models.sale import SalePosted, Tender
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK, STORE


def code(till: TillSession) -> str:
    notice = till.state.notice
    return notice.words.code if notice else ""


def sold(shop: Shop, *scans: str) -> str:
    """The receipt's number."""
    till = shop.till
    for scan in scans or (f"3*{OAT_DRINK}", "roll"):
        till.scan(scan)
    till.start_tender()
    till.tender_cash(5_000)
    till.finish_sale()
    assert till.state.done is not None
    return till.state.done.receipt_number


def opened(shop: Shop, number: str, *before: ClaimedLine, sale: SalePosted | None = None) -> TillSession:
    """The receipt is open, and the server has said what went back of it."""
    shop.till.start_refund(number)
    shop.lending.tell(ReceiptStated(sale=sale, before=before))
    shop.till.hear()
    return shop.till


@pytest.fixture
def manager(shop: Shop) -> Shop:
    shop.opened("9999")
    return shop


def refunds(shop: Shop) -> list[RefundPosted]:
    return [fact for fact in shop.books.of_kind(RefundPosted) if isinstance(fact, RefundPosted)]


def test_money_goes_back_once_the_server_has_said_that_nobody_else_gave_it(manager: Shop) -> None:
    number = sold(manager)
    till = opened(manager, number)
    assert till.state.phase is Phase.REFUND
    till.take_back(0, 2000)
    assert till.state.refund is not None
    assert till.state.refund.total_minor == 498
    till.give_money_back("stale")
    assert till.state.waiting is not None
    assert refunds(manager) == []
    assert manager.books.pulses == ["sale"]
    wanted = manager.lending.asked[-1]
    assert (wanted.kind, wanted.lines) == ("refund", (ClaimedLine(line_no=1, quantity_milli=2000),))
    manager.lending.grant(before=(ClaimedLine(line_no=1, quantity_milli=0),))
    till.hear()
    (fact,) = refunds(manager)
    assert (fact.receipt_number, fact.lease_id, fact.total_minor) == (number, wanted.lease_id, 498)
    assert fact.given_back == (GivenBack("cash", 498),)
    assert fact.reason == "stale"
    assert manager.books.pulses == ["sale", "refund"]
    assert manager.books.printed[-1] == f"refund of {number}"
    assert (till.state.phase, code(till)) == (Phase.SALE, "refunded")
    till.x_report()
    assert till.state.x_report is not None
    assert till.state.x_report.expected_minor == 15_000 + 837 - 498


def test_what_another_till_took_back_can_not_be_taken_back_again(manager: Shop) -> None:
    till = opened(manager, sold(manager), ClaimedLine(line_no=1, quantity_milli=2000))
    till.take_back(0, 2000)
    assert code(till) == "not_so_much_left"
    till.take_back(0, 1000)
    till.give_money_back()
    manager.lending.deny("refunded_before", "Line 1 of this receipt has been refunded already.")
    till.hear()
    assert till.state.notice is not None
    assert till.state.notice.words.values["message"] == "Line 1 of this receipt has been refunded already."
    assert refunds(manager) == []
    assert till.state.phase is Phase.REFUND


def test_a_receipt_that_went_back_whole_is_not_opened(manager: Shop) -> None:
    number = sold(manager, "roll")
    till = opened(manager, number, ClaimedLine(line_no=1, quantity_milli=1000))
    assert (till.state.phase, code(till)) == (Phase.CHANGE, "all_refunded")


def test_a_receipt_of_another_till_comes_from_the_server(manager: Shop) -> None:
    number = sold(manager)
    sale = msgspec.structs.replace(manager.books.sales[number].sale, receipt_number="03-1-ABC-000007")
    till = opened(manager, "03-1-abc-000007", sale=sale)
    till.take_all_back()
    till.give_money_back()
    manager.lending.grant()
    till.hear()
    assert [fact.receipt_number for fact in refunds(manager)] == ["03-1-ABC-000007"]


def test_a_number_that_nobody_knows_is_said(manager: Shop) -> None:
    assert code(opened(manager, "03-9-ABC-000001")) == "unknown_anywhere"
    manager.till.start_refund("03-9-ABC-000001")
    manager.lending.line_is_down()
    manager.till.hear()
    assert code(manager.till) == "receipt_out_of_reach"


def test_the_parts_of_a_line_add_up_to_it_whichever_till_took_the_others(manager: Shop) -> None:
    """Three pieces for 1.00: the second costs a cent more than the others."""
    manager.till.scan("3*roll")
    manager.till.discount_line(amount_minor=170, reason="yesterday's")
    manager.till.start_tender()
    manager.till.tender_cash(100)
    manager.till.finish_sale()
    assert manager.till.state.done is not None
    till = opened(manager, manager.till.state.done.receipt_number)
    till.take_back(0, 1000)
    till.give_money_back()
    manager.lending.grant(before=(ClaimedLine(line_no=1, quantity_milli=1000),))
    till.hear()
    (fact,) = refunds(manager)
    assert fact.total_minor == 34


def test_nonsense_about_what_went_back_before_costs_no_money(manager: Shop) -> None:
    number = sold(manager)
    nonsense = (ClaimedLine(line_no=1, quantity_milli=-9000), ClaimedLine(line_no=77, quantity_milli=5))
    till = opened(manager, number, *nonsense)
    till.take_all_back()
    till.give_money_back()
    manager.lending.grant(before=nonsense)
    till.hear()
    assert [fact.total_minor for fact in refunds(manager)] == [837]


def offline(shop: Shop, number: str) -> TillSession:
    shop.till.start_refund(number)
    shop.lending.line_is_down()
    shop.till.hear()
    return shop.till


def give_offline(shop: Shop) -> None:
    shop.till.give_money_back()
    shop.lending.line_is_down()
    shop.till.hear()


def test_without_the_line_a_receipt_is_refunded_once_and_within_limits(manager: Shop) -> None:
    number = sold(manager)
    offline(manager, number).take_back(0, 1000)
    give_offline(manager)
    (fact,) = refunds(manager)
    assert fact.lease_id == ""
    offline(manager, number).take_back(0, 1000)
    give_offline(manager)
    assert code(manager.till) == "offline_refunded_before"
    assert len(refunds(manager)) == 1


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (OfflineLimits(refund_receipt_minor=0), "offline_not_allowed"),
        (OfflineLimits(refund_receipt_minor=248), "offline_receipt_limit"),
        (OfflineLimits(refund_day_minor=248), "offline_day_limit"),
    ],
)
def test_more_than_head_office_trusts_the_till_with_waits_for_the_line(
    limits: OfflineLimits, said: str
) -> None:
    shop = Shop(store=msgspec.structs.replace(STORE, offline=limits))
    shop.opened("9999")
    offline(shop, sold(shop)).take_back(0, 1000)
    give_offline(shop)
    assert code(shop.till) == said
    assert refunds(shop) == []
    assert shop.till.state.phase is Phase.REFUND


def test_a_server_that_does_not_have_the_sale_yet_leaves_the_till_to_its_limits(manager: Shop) -> None:
    till = opened(manager, sold(manager))
    till.take_back(1, 1000)
    till.give_money_back()
    manager.lending.deny("unknown_sale")
    till.hear()
    assert [fact.lease_id for fact in refunds(manager)] == [""]


def test_a_refund_that_can_not_be_written_gives_its_lease_back(manager: Shop) -> None:
    till = opened(manager, sold(manager))
    till.take_all_back()
    till.give_money_back()
    manager.lending.grant()
    manager.books.failure = StorageFull("full")
    till.hear()
    assert code(till) == "storage_full"
    assert manager.lending.given_back == [manager.lending.asked[-1].lease_id]
    assert till.state.phase is Phase.REFUND


def test_whatever_is_done_instead_of_waiting_takes_the_question_back(manager: Shop) -> None:
    till = opened(manager, sold(manager))
    till.take_all_back()
    till.give_money_back()
    till.leave_refund()
    assert manager.lending.given_back == [manager.lending.asked[-1].lease_id]
    manager.lending.grant()
    till.hear()
    assert refunds(manager) == []
    assert (till.state.phase, till.state.waiting) == (Phase.SALE, None)


def test_a_cashier_needs_someone_who_may(shop: Shop) -> None:
    shop.opened()
    number = sold(shop)
    shop.till.start_refund(number)
    assert shop.till.state.question is not None
    shop.till.answer(True, "9999")
    shop.lending.tell(ReceiptStated())
    shop.till.hear()
    shop.till.take_all_back()
    shop.till.give_money_back()
    shop.lending.grant()
    shop.till.hear()
    assert [fact.approved_by for fact in refunds(shop)] == ["s-max"]


def test_without_a_number_the_till_asks_for_it(manager: Shop) -> None:
    number = sold(manager)
    manager.till.start_refund()
    assert manager.till.state.question is not None
    manager.till.answer(True, number)
    assert manager.lending.asked_receipts == [number]


def test_money_goes_back_in_coins_that_there_are(manager: Shop) -> None:
    shop = Shop(store=msgspec.structs.replace(STORE, cash_rounding_minor=5))
    shop.opened("9999")
    till = opened(shop, sold(shop))
    till.take_back(0, 2000)
    till.give_money_back()
    shop.lending.grant()
    till.hear()
    (fact,) = refunds(shop)
    assert (fact.total_minor, fact.cash_rounding_minor, fact.cash_minor()) == (498, 2, 500)


def test_a_ticket_in_progress_is_finished_first(manager: Shop) -> None:
    number = sold(manager)
    manager.till.scan("roll")
    manager.till.start_refund(number)
    assert code(manager.till) == "ticket_open"


def test_what_a_gift_card_paid_for_goes_back_onto_the_card(manager: Shop) -> None:
    number = sold(manager)
    posted = manager.books.sales[number].sale
    by_card = msgspec.structs.replace(
        posted, receipt_number="03-1-ABC-000008", tenders=(Tender("gift", 500, "6035"), Tender("cash", 337))
    )
    till = opened(manager, by_card.receipt_number, sale=by_card)
    till.take_all_back()
    till.give_money_back()
    manager.lending.grant()
    till.hear()
    (fact,) = refunds(manager)
    assert fact.given_back == (GivenBack("gift", 837, "6035"),)
    issued = manager.books.facts[-1][2]
    assert (type(issued).__name__, issued.card, issued.amount_minor) == ("GiftIssued", "6035", 837)  # type: ignore[union-attr]
    assert manager.books.pulses == ["sale"]


def test_a_payment_of_which_this_till_knows_no_way_back_is_not_given_back_in_cash(manager: Shop) -> None:
    sold(manager)
    (posted,) = (fact for fact in manager.books.of_kind(SalePosted) if isinstance(fact, SalePosted))
    by_voucher = msgspec.structs.replace(
        posted, receipt_number="03-1-ABC-000009", tenders=(Tender("voucher", 500), Tender("cash", 337))
    )
    till = opened(manager, by_voucher.receipt_number, sale=by_voucher)
    assert code(till) == "paid_unknown_way"
    assert till.state.refund is None
    assert refunds(manager) == []
