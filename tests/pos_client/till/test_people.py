"""PINs, lock-out, switching cashiers and a manager's approval."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.errors import StorageFailed
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from shared_models.cash import DrawerOpened, OperatorLoggedIn, OperatorLoggedOut
from tests.pos_client.till.conftest import Shop


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def test_without_a_catalogue_the_till_waits(shop: Shop) -> None:
    shop.catalogue.config = None
    assert shop.till.state.phase is Phase.WAITING
    assert said(shop.till.log_in("1111")) == "no_catalogue"
    shop.catalogue.config = shop.store
    assert shop.till.state.phase is Phase.LOCKED


def test_a_wrong_pin_and_a_leavers_pin_open_nothing(shop: Shop) -> None:
    assert said(shop.till.log_in("0000")) == "wrong_pin"
    assert said(shop.till.log_in("5555")) == "wrong_pin"
    assert shop.till.state.phase is Phase.LOCKED


def test_after_five_wrong_pins_even_the_right_one_has_to_wait(shop: Shop) -> None:
    for _ in range(4):
        shop.till.log_in("0000")
    state = shop.till.log_in("0000")
    assert said(state) == "locked_out"
    assert state.locked_until_ms == shop.clock.mono_ms + 30_000
    assert said(shop.till.log_in("1111")) == "locked_out"
    shop.clock.advance(31)
    assert shop.till.log_in("1111").operator is not None


def test_the_wait_grows_with_every_further_wrong_pin(shop: Shop) -> None:
    waits = []
    for _ in range(14):
        state = shop.till.log_in("0000")
        waits.append(max(0, state.locked_until_ms - shop.clock.mono_ms) // 1000)
        shop.clock.advance(waits[-1] + 1)
    assert waits[4:8] == [30, 60, 120, 240]
    assert max(waits) == 900


def test_setting_the_clock_back_does_not_lengthen_the_wait(shop: Shop) -> None:
    for _ in range(5):
        shop.till.log_in("0000")
    shop.clock.wall_ms -= 86_400_000
    shop.clock.mono_ms += 31_000
    assert shop.till.log_in("1111").operator is not None


def test_switching_the_till_off_and_on_gives_no_new_tries(shop: Shop) -> None:
    for _ in range(5):
        shop.till.log_in("0000")
    shop.clock.mono_ms = 4_000
    till = shop.restart()
    assert till.state.locked_until_ms == 34_000
    assert said(till.log_in("1111")) == "locked_out"
    shop.clock.advance(31)
    assert till.log_in("1111").operator is not None
    assert shop.restart().state.locked_until_ms == 0


@pytest.mark.expects_log
def test_a_full_disk_lets_the_right_pin_in_all_the_same(shop: Shop) -> None:
    shop.till.log_in("0000")
    shop.books.wrong_pins.failure = StorageFailed("There is no space.")
    assert said(shop.till.log_in("0000")) == "wrong_pin"
    assert shop.till.log_in("1111").operator is not None


def test_who_comes_and_goes_is_written_down(shop: Shop, till: TillSession) -> None:
    till.log_in("9999")
    till.log_out()
    till.lock()
    came = [fact for fact in shop.books.of_kind(OperatorLoggedIn) if isinstance(fact, OperatorLoggedIn)]
    went = [fact for fact in shop.books.of_kind(OperatorLoggedOut) if isinstance(fact, OperatorLoggedOut)]
    assert [fact.operator_name for fact in came] == ["Ana R.", "Max B."]
    assert [(fact.operator_id, fact.reason) for fact in went] == [("s-ana", "switched"), ("s-max", "")]


def test_switching_cashiers_keeps_the_ticket(till: TillSession) -> None:
    till.scan("roll")
    till.lock()
    state = till.log_in("9999")
    assert (len(state.lines), state.phase) == (1, Phase.SALE)
    assert state.operator is not None
    assert state.operator.name == "Max B."


def test_a_till_that_can_not_write_still_locks(shop: Shop, till: TillSession) -> None:
    shop.books.failure = StorageFailed("The disk does not answer.")
    state = till.lock()
    assert (state.phase, said(state)) == (Phase.LOCKED, "storage_failed")


def test_a_log_in_that_can_not_be_written_down_is_none(shop: Shop) -> None:
    shop.books.failure = StorageFailed("The disk does not answer.")
    assert shop.till.log_in("1111").phase is Phase.LOCKED


def test_a_locked_till_does_nothing(till: TillSession) -> None:
    till.lock()
    for state in (
        till.scan("roll"),
        till.start_tender(),
        till.pay_in(100, "x"),
        till.log_out(),
        till.start_count(),
    ):
        assert (said(state), state.phase) == ("not_logged_in", Phase.LOCKED)


def test_a_managers_pin_opens_the_drawer_for_ana(shop: Shop, till: TillSession) -> None:
    state = till.open_drawer("change for the kiosk")
    assert state.question is not None
    assert state.question.needs == "pin"
    assert said(till.answer(True, "1111")) == "approver_not_allowed"
    assert said(till.answer(True, "0000")) == "wrong_pin"
    state = till.answer(True, "9999")
    assert (said(state), state.question) == ("drawer_opened", None)
    assert shop.books.pulses == ["no_sale"]
    (fact,) = shop.books.of_kind(DrawerOpened)
    assert isinstance(fact, DrawerOpened)
    assert fact.operator_id == "s-ana"


def test_guessing_a_managers_pin_locks_out_as_well(till: TillSession) -> None:
    till.open_drawer("why not")
    for _ in range(5):
        state = till.answer(True, "0000")
    assert (said(state), state.question) == ("locked_out", None)


def test_no_approval_no_drawer(shop: Shop, till: TillSession) -> None:
    till.open_drawer("why not")
    state = till.answer(False)
    assert (state.question, state.notice, shop.books.pulses) == (None, None, [])


def test_who_may_not_sell_sells_nothing(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    stock_keeper = shop.catalogue.people[0].__class__("s-nia", "Nia", "hash:3333", ("till.shift",))
    shop.catalogue.people = (*shop.catalogue.people, stock_keeper)
    till.log_in("3333")
    assert said(till.tender_cash(100)) == "not_allowed"
    till.log_in("1111")
    till.back_to_sale()
    till.log_in("3333")
    assert said(till.scan("roll")) == "not_allowed"


def test_who_was_let_go_finishes_the_ticket_and_sells_no_more(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    shop.catalogue.people = tuple(one for one in shop.catalogue.people if one.staff_id != "s-ana")
    due = till.start_tender().tender
    assert due is not None
    till.tender_cash(due.due_minor)
    assert said(till.finish_sale()) == "sold"
    state = till.scan("roll")
    assert (said(state), state.phase, state.lines) == ("no_longer_here", Phase.LOCKED, ())
    went = shop.books.of_kind(OperatorLoggedOut)[-1]
    assert isinstance(went, OperatorLoggedOut)
    assert (went.operator_id, went.reason) == ("s-ana", "left")
    till.log_in("9999")
    assert len(till.scan("roll").lines) == 1


def test_what_head_office_takes_from_a_cashier_is_gone_before_the_next_sale(
    shop: Shop, till: TillSession
) -> None:
    shop.catalogue.people = tuple(
        msgspec.structs.replace(one, permissions=()) if one.staff_id == "s-ana" else one
        for one in shop.catalogue.people
    )
    assert said(till.scan("roll")) == "not_allowed"
