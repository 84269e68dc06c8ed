"""Gift cards at the counter: sold, and spent with the server's word, out of what was put aside, or within limits."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.ports import Escrow
from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from shared_models.offline_limits import OfflineLimits
from shared_models.sale import SalePosted, Tender
from shared_models.stored_value import GiftIssued, GiftRedeemed
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK, STORE


def code(till: TillSession) -> str:
    notice = till.state.notice
    return notice.words.code if notice else ""


@pytest.fixture
def paying(shop: Shop) -> Shop:
    """7.47 are to be paid."""
    shop.opened()
    shop.till.scan(f"3*{OAT_DRINK}")
    shop.till.start_tender()
    return shop


def redeemed(shop: Shop) -> list[GiftRedeemed]:
    return [fact for fact in shop.books.of_kind(GiftRedeemed) if isinstance(fact, GiftRedeemed)]


def pay_by_card(shop: Shop, card: str = "6035") -> TillSession:
    shop.till.tender_gift(card)
    shop.lending.grant()
    return shop.till


def test_a_card_that_the_server_holds_pays_and_the_drawer_stays_shut(paying: Shop) -> None:
    till = pay_by_card(paying)
    assert till.state.waiting is not None
    till.hear()
    wanted = paying.lending.asked[-1]
    assert (wanted.kind, wanted.subject, wanted.amount, wanted.currency) == ("gift", "6035", 747, "EUR")
    till.finish_sale()
    (sale,) = paying.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert sale.tenders == (Tender("gift", 747, "6035"),)
    (fact,) = redeemed(paying)
    assert (fact.card, fact.amount_minor, fact.lease_id, fact.sale_id) == (
        "6035",
        747,
        wanted.lease_id,
        sale.sale_id,
    )
    assert paying.books.pulses == []


def test_what_is_on_the_card_is_taken_and_the_rest_is_paid_in_cash(paying: Shop) -> None:
    till = paying.till
    till.tender_gift("6035")
    paying.lending.deny("not_enough", balance=500)
    till.hear()
    assert [wanted.amount for wanted in paying.lending.asked] == [747, 500]
    paying.lending.grant()
    till.hear()
    assert till.state.tender is not None
    assert till.state.tender.open_minor == 247
    till.tender_cash(300)
    till.finish_sale()
    assert [fact.amount_minor for fact in redeemed(paying)] == [500]
    assert paying.books.pulses == ["sale"]


def test_an_empty_card_is_said_in_the_servers_words(paying: Shop) -> None:
    paying.till.tender_gift("6035")
    paying.lending.deny("not_enough", "There are only 0.00 EUR left.")
    paying.till.hear()
    assert paying.till.state.notice is not None
    assert paying.till.state.notice.words.values == {"message": "There are only 0.00 EUR left."}
    assert paying.till.state.tender is not None
    assert paying.till.state.tender.tenders == ()


def test_only_what_cash_pays_is_rounded(shop: Shop) -> None:
    shop = Shop(store=msgspec.structs.replace(STORE, cash_rounding_minor=5))
    shop.opened()
    shop.till.scan(f"3*{OAT_DRINK}")
    shop.till.start_tender()
    assert shop.till.state.tender is not None
    assert shop.till.state.tender.due_minor == 745
    pay_by_card(shop).hear()
    assert shop.till.state.tender is not None
    assert (shop.till.state.tender.due_minor, shop.till.state.tender.open_minor) == (747, 0)
    shop.till.finish_sale()
    (sale,) = shop.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert (sale.cash_rounding_minor, sale.change_minor) == (0, 0)


@pytest.mark.parametrize("way", ["remove", "back"])
def test_a_payment_taken_back_frees_the_card(paying: Shop, way: str) -> None:
    pay_by_card(paying).hear()
    paying.till.remove_tender() if way == "remove" else paying.till.back_to_sale()
    assert paying.lending.given_back == [paying.lending.asked[-1].lease_id]


def test_a_card_whose_time_has_run_out_is_asked_for_again(paying: Shop) -> None:
    paying.till.tender_gift("6035")
    paying.lending.grant(ends_mono_ms=paying.clock.mono_ms + 60_000)
    paying.till.hear()
    paying.clock.advance(60)
    paying.till.finish_sale()
    assert code(paying.till) == "lease_ran_out"
    assert paying.till.state.phase is Phase.TENDER
    assert redeemed(paying) == []


def test_cash_instead_of_waiting_takes_the_question_back(paying: Shop) -> None:
    paying.till.tender_gift("6035")
    paying.till.tender_cash(1000)
    assert paying.lending.given_back == [paying.lending.asked[-1].lease_id]
    paying.till.finish_sale()
    assert redeemed(paying) == []


def test_an_answer_waits_for_a_locked_till(paying: Shop) -> None:
    pay_by_card(paying)
    paying.till.lock()
    assert paying.till.hear().phase is Phase.LOCKED
    paying.till.log_in("1111")
    assert paying.till.state.tender is not None
    assert paying.till.state.tender.tenders == ()


def test_without_the_line_a_card_pays_what_was_put_aside_and_not_more(paying: Shop) -> None:
    paying.lending.put_aside["6035"] = Escrow("e1", 500)
    paying.till.tender_gift("6035")
    assert paying.lending.asked == []
    assert paying.till.state.tender is not None
    assert paying.till.state.tender.open_minor == 247
    paying.till.tender_gift("6035")
    paying.lending.line_is_down()
    paying.till.hear()
    assert code(paying.till) == "offline_not_allowed"
    paying.till.tender_cash(247)
    paying.till.finish_sale()
    assert [(fact.amount_minor, fact.lease_id) for fact in redeemed(paying)] == [(500, "e1")]


def test_without_the_line_a_card_pays_as_much_as_head_office_trusts_the_till_with() -> None:
    limits = OfflineLimits(gift_receipt_minor=300, gift_day_minor=1000)
    shop = Shop(store=msgspec.structs.replace(STORE, offline=limits))
    shop.opened()
    for _ in range(3):
        shop.till.scan(f"3*{OAT_DRINK}")
        shop.till.start_tender()
        shop.till.tender_gift("6035")
        shop.lending.line_is_down()
        shop.till.hear()
        shop.till.tender_gift("6035")
        shop.lending.line_is_down()
        shop.till.hear()
        assert code(shop.till) == "offline_receipt_limit"
        shop.till.tender_cash(447)
        shop.till.finish_sale()
    assert [(fact.amount_minor, fact.lease_id) for fact in redeemed(shop)] == [(300, "")] * 3
    shop.till.scan(f"3*{OAT_DRINK}")
    shop.till.start_tender()
    shop.till.tender_gift("6035")
    shop.lending.line_is_down()
    shop.till.hear()
    assert shop.till.state.tender is not None
    assert [line.received_minor for line in shop.till.state.tender.tenders] == [100]


def test_a_card_is_put_aside_for_a_day_without_a_line(shop: Shop) -> None:
    till = shop.opened()
    till.put_card_aside("6035", 2000)
    wanted = shop.lending.asked[-1]
    assert (wanted.kind, wanted.account, wanted.amount) == ("escrow", "gift", 2000)
    shop.lending.grant()
    till.hear()
    assert code(till) == "card_put_aside"
    shop.lending.put_aside["6035"] = Escrow(wanted.lease_id, 2000)
    till.return_card("6035")
    assert shop.lending.given_back == [wanted.lease_id]


def test_a_gift_card_is_sold_for_what_the_customer_wants_on_it(shop: Shop) -> None:
    till = shop.opened()
    till.scan("giftcard")
    till.answer(True, "25.00")
    till.answer(True, "6035-77")
    till.start_tender()
    till.tender_cash(2500)
    till.finish_sale()
    (issued,) = shop.books.of_kind(GiftIssued)
    (sale,) = shop.books.of_kind(SalePosted)
    assert isinstance(issued, GiftIssued)
    assert isinstance(sale, SalePosted)
    assert (issued.card, issued.amount_minor, issued.sale_id) == ("6035-77", 2500, sale.sale_id)
    assert (sale.tax_minor, sale.lines[0].is_gift) == (0, True)


def test_a_gift_card_given_away_with_nothing_on_it_issues_nothing(shop: Shop) -> None:
    till = shop.opened()
    till.scan("giftcard")
    till.answer(True, "0")
    till.answer(True, "6035-77")
    till.scan("roll")
    till.start_tender()
    till.tender_cash(90)
    till.finish_sale()
    assert len(shop.books.of_kind(SalePosted)) == 1
    assert shop.books.of_kind(GiftIssued) == []


def test_a_gift_card_is_not_taken_back(shop: Shop) -> None:
    till = shop.opened("9999")
    till.scan("giftcard")
    till.answer(True, "25.00")
    till.answer(True, "6035-77")
    till.start_tender()
    till.tender_cash(2500)
    till.finish_sale()
    assert till.state.done is not None
    till.start_refund(till.state.done.receipt_number)
    shop.lending.line_is_down()
    till.hear()
    assert code(till) == "all_refunded"
