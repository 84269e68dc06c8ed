"""Parked tickets between tills: seen, taken up with the server's word, and versions that tell who had one when."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from shared_models.leases import ParkedListing
from shared_models.sale import SaleParked, SalePosted, SaleRecalled, SaleVoided
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK, START_MS


def code(till: TillSession) -> str:
    notice = till.state.notice
    return notice.words.code if notice else ""


def parked(shop: Shop, *scans: str, shared: bool) -> str:
    """Put aside; with `shared` other tills know of it."""
    for scan in scans or (OAT_DRINK,):
        shop.till.scan(scan)
    shop.till.park("Mrs Weber")
    (sale_id,) = shop.books.put_aside
    shop.books.put_aside[sale_id] = msgspec.structs.replace(shop.books.put_aside[sale_id], is_shared=shared)
    return sale_id


def listing(sale_id: str = "t9", version: int = 1, till_id: str = "03-1") -> ParkedListing:
    return ParkedListing(
        sale_id=sale_id,
        version=version,
        till_id=till_id,
        label="Mr Kahn",
        operator_name="Bo",
        parked_at_ms=START_MS,
        tz_min=60,
        total_minor=498,
        line_count=1,
    )


def a_cart(shop: Shop) -> bytes:
    """As another till wrote it."""
    other = Shop()
    other.opened().scan(f"2*{OAT_DRINK}")
    other.till.park("Mr Kahn")
    (ticket,) = other.books.put_aside.values()
    return ticket.body


@pytest.fixture
def seen(shop: Shop) -> Shop:
    """Another till has put a ticket aside, and this one has looked."""
    shop.opened().look_at_parked()
    shop.lending.show_parked(listing())
    shop.till.hear()
    return shop


def test_a_parked_ticket_is_shared_and_its_version_goes_with_it(shop: Shop) -> None:
    shop.opened()
    sale_id = parked(shop, shared=False)
    assert shop.lending.shared == 1
    shop.till.recall(sale_id)
    shop.till.park("again")
    assert [fact.version for fact in shop.books.of_kind(SaleParked)] == [1, 2]  # type: ignore[union-attr]
    assert [ticket.version for ticket in shop.books.put_aside.values()] == [2]
    shop.till.recall(sale_id)
    shop.till.start_tender()
    shop.till.tender_cash(500)
    shop.till.finish_sale()
    (sale,) = shop.books.of_kind(SalePosted)
    assert sale.parked_version == 2  # type: ignore[union-attr]
    shop.till.scan(OAT_DRINK)
    shop.till.start_tender()
    shop.till.tender_cash(500)
    shop.till.finish_sale()
    assert shop.books.of_kind(SalePosted)[1].parked_version == 0, "the next customer's was never parked"  # type: ignore[union-attr]


def test_a_ticket_that_nobody_else_knows_is_taken_up_at_once(shop: Shop) -> None:
    shop.opened()
    sale_id = parked(shop, shared=False)
    assert len(shop.till.recall(sale_id).lines) == 1
    assert shop.lending.asked == []


def test_a_shared_ticket_is_asked_for_and_has_the_servers_version(shop: Shop) -> None:
    shop.opened("9999")
    sale_id = parked(shop, shared=True)
    state = shop.till.recall(sale_id)
    assert state.lines == ()
    assert state.waiting is not None
    wanted = shop.lending.asked[-1]
    assert (wanted.kind, wanted.subject, wanted.amount) == ("parked", sale_id, 1)
    shop.lending.grant(version=2)
    assert len(shop.till.hear().lines) == 1
    assert shop.books.used_leases == [wanted.lease_id]
    shop.till.void_sale()
    shop.till.answer(True)
    assert [fact.parked_version for fact in shop.books.of_kind(SaleVoided)] == [2]  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["no line", "unknown"])
def test_where_nobody_can_say_a_till_takes_its_own_ticket_up(shop: Shop, how: str) -> None:
    shop.opened()
    sale_id = parked(shop, shared=True)
    shop.till.recall(sale_id)
    shop.lending.line_is_down() if how == "no line" else shop.lending.deny("unknown_ticket")
    assert len(shop.till.hear().lines) == 1
    assert shop.books.used_leases == [""]


def test_a_ticket_that_another_till_has_by_now_stays_away(shop: Shop) -> None:
    shop.opened()
    sale_id = parked(shop, shared=True)
    shop.till.recall(sale_id)
    shop.lending.deny("ticket_taken", "Till 03-1 has this ticket now.")
    state = shop.till.hear()
    assert (state.lines, code(shop.till)) == ((), "lease_denied")
    assert shop.books.of_kind(SaleRecalled) == []


def test_another_tills_ticket_is_shown_with_its_till(seen: Shop) -> None:
    (view,) = seen.till.state.parked
    assert (view.label, view.till_id, view.total_minor) == ("Mr Kahn", "03-1", 498)


def test_a_till_sees_its_own_ticket_once(shop: Shop) -> None:
    shop.opened()
    sale_id = parked(shop, shared=True)
    shop.till.look_at_parked()
    shop.lending.show_parked(listing(sale_id, till_id="03-2"), listing())
    assert [view.till_id for view in shop.till.hear().parked] == ["", "03-1"]


def test_another_tills_ticket_is_taken_over_with_its_cart(seen: Shop) -> None:
    seen.till.recall("t9")
    wanted = seen.lending.asked[-1]
    seen.lending.grant(version=2, cart=a_cart(seen))
    state = seen.till.hear()
    assert [line.quantity_milli for line in state.lines] == [2000]
    assert state.parked == ()
    assert seen.books.used_leases == [wanted.lease_id]
    assert seen.books.cart_body, "a crash from here on loses nothing"
    assert [fact.version for fact in seen.books.of_kind(SaleRecalled)] == [1]  # type: ignore[union-attr]
    seen.till.start_tender()
    seen.till.tender_cash(500)
    seen.till.finish_sale()
    (sale,) = seen.books.of_kind(SalePosted)
    assert sale.parked_version == 2  # type: ignore[union-attr]


def test_another_tills_ticket_can_not_be_had_without_a_line(seen: Shop) -> None:
    seen.till.recall("t9")
    seen.lending.line_is_down()
    assert seen.till.hear().lines == ()
    assert code(seen.till) == "ticket_needs_line"


def test_a_cart_that_can_not_be_read_goes_back(seen: Shop) -> None:
    seen.till.recall("t9")
    seen.lending.grant(version=2, cart=b"of another program")
    seen.till.hear()
    assert code(seen.till) == "parked_unreadable"
    assert seen.lending.given_back == [seen.lending.asked[-1].lease_id]
    assert seen.till.state.phase is Phase.SALE


def test_scanning_on_instead_of_waiting_gives_the_ticket_back(seen: Shop) -> None:
    seen.till.recall("t9")
    seen.till.scan(OAT_DRINK)
    assert seen.lending.given_back == [seen.lending.asked[-1].lease_id]
    seen.lending.grant(version=2, cart=a_cart(seen))
    assert len(seen.till.hear().lines) == 1
