"""The till is started again in the middle of things."""

from __future__ import annotations

from pos_client.till.errors import StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import OAT_DRINK


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def test_the_ticket_comes_back_after_log_in(shop: Shop, till: TillSession) -> None:
    till.scan(OAT_DRINK)
    before = till.scan("roll")
    shop.restart()
    assert shop.till.state.phase is Phase.LOCKED
    state = shop.till.log_in("1111")
    assert (said(state), state.lines, state.phase) == ("restored", before.lines, Phase.SALE)
    shop.till.lock()
    assert said(shop.till.log_in("1111")) == ""


def test_what_was_scanned_after_a_restart_continues_the_ticket(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    shop.restart().log_in("1111")
    assert [line.quantity_milli for line in shop.till.scan("roll").lines] == [2000]


def test_a_paid_ticket_does_not_come_back(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    saved = shop.books.cart_body
    till.start_tender()
    till.tender_cash(100)
    till.finish_sale()
    shop.books.cart_body = saved  # the crash came before the empty ticket was saved
    assert shop.restart().log_in("1111").lines == ()


def test_a_parked_ticket_is_not_on_the_counter_as_well(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    saved = shop.books.cart_body
    till.park()
    shop.books.cart_body = saved
    state = shop.restart().log_in("1111")
    assert (state.lines, len(state.parked)) == ((), 1)


def test_a_saved_ticket_that_can_not_be_read_is_left(shop: Shop, till: TillSession) -> None:
    shop.books.cart_body = b"\xff\x00"
    assert shop.restart().log_in("1111").lines == ()


def test_a_ticket_that_can_not_be_saved_is_still_sold(shop: Shop, till: TillSession) -> None:
    shop.books.failure = StorageFull("Full.")
    state = till.scan("roll")
    assert (said(state), len(state.lines)) == ("cart_not_saved", 1)
    till.start_tender()
    till.tender_cash(100)
    assert till.finish_sale().phase is Phase.CHANGE


def test_nothing_is_saved_when_there_is_nothing_to_miss(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    till.finish_sale()
    assert shop.books.cart_body == b""


def test_an_open_shift_goes_on_after_a_restart(shop: Shop, till: TillSession) -> None:
    shop.restart()
    state = shop.till.log_in("9999")
    assert state.shift is not None
    assert (state.phase, state.shift.operator_name) == (Phase.SALE, "Ana R.")


def test_trouble_after_the_commit_does_not_bring_the_ticket_back(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    shop.books.broken_reads = StorageFull("Full.")
    till.finish_sale()
    shop.books.broken_reads = None
    assert till.state.lines == ()
    assert len(shop.books.sales) == 1
