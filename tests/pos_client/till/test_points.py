"""Points at the counter: whole ones, as many as fit, with the server's word or within what it trusts the till with."""

from __future__ import annotations

import msgspec
import pytest

from shared_models.leases import ReceiptStated
from shared_models.offline_limits import OfflineLimits
from shared_models.sale import SalePosted, Tender
from shared_models.stored_value import LoyaltyRedeemed
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK, STORE


def paying(**offline: int) -> Shop:
    """7.47 are to be paid, and a point pays 0.05."""
    store = msgspec.structs.replace(STORE, point_minor=5, offline=OfflineLimits(**offline))
    shop = Shop(store=store)
    shop.opened("9999")
    shop.till.scan(f"3*{OAT_DRINK}")
    shop.till.start_tender()
    return shop


def spent(shop: Shop) -> list[tuple[str, int, str]]:
    facts = shop.books.of_kind(LoyaltyRedeemed)
    return [(fact.member, fact.points, fact.lease_id) for fact in facts]  # type: ignore[union-attr]


def test_as_many_points_as_fit_pay_and_the_rest_is_cash() -> None:
    shop = paying()
    shop.till.tender_points()
    shop.till.answer(True, "member-7")
    wanted = shop.lending.asked[-1]
    assert (wanted.kind, wanted.subject, wanted.amount, wanted.currency) == ("loyalty", "member-7", 149, "")
    shop.lending.deny("not_enough", balance=100)
    shop.till.hear()
    shop.lending.grant()
    shop.till.hear()
    assert shop.till.state.tender is not None
    assert shop.till.state.tender.open_minor == 247
    shop.till.tender_cash(247)
    shop.till.finish_sale()
    assert spent(shop) == [("member-7", 100, shop.lending.asked[-1].lease_id)]
    (sale,) = shop.books.of_kind(SalePosted)
    assert sale.tenders == (Tender("loyalty", 500, "member-7"), Tender("cash", 247))  # type: ignore[union-attr]


def test_without_a_line_only_so_many_points_as_head_office_says() -> None:
    shop = paying(loyalty_receipt_points=20, loyalty_day_points=30)
    shop.till.tender_points("member-7")
    shop.lending.line_is_down()
    shop.till.hear()
    shop.till.tender_cash(647)
    shop.till.finish_sale()
    assert spent(shop) == [("member-7", 20, "")]


def test_a_store_that_takes_no_points_says_so(shop: Shop) -> None:
    shop.opened()
    shop.till.scan(OAT_DRINK)
    tender = shop.till.start_tender().tender
    assert tender is not None
    assert not tender.takes_points
    notice = shop.till.tender_points("member-7").notice
    assert notice is not None
    assert notice.words.code == "no_points_here"
    assert shop.lending.asked == []


@pytest.mark.parametrize("reached", [True, False])
def test_what_points_paid_for_is_not_turned_into_cash(reached: bool) -> None:
    shop = paying()
    shop.till.tender_points("member-7")
    shop.lending.grant()
    shop.till.hear()
    shop.till.tender_cash(2)
    done = shop.till.finish_sale().done
    assert done is not None
    shop.till.start_refund(done.receipt_number)
    shop.lending.tell(ReceiptStated()) if reached else shop.lending.line_is_down()
    notice = shop.till.hear().notice
    assert notice is not None
    assert notice.words.code == "points_paid"
