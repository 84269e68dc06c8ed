"""From the float to the Z report."""

from __future__ import annotations

import msgspec

from pos_client.till.errors import StorageFull
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, Severity, TillState
from shared_models.cash import CashMoved, DrawerCounted, Pieces, ShiftClosed, ShiftOpened
from shared_models.sale import SaleVoided
from tests.pos_client.till.conftest import Shop


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def sell_a_roll(till: TillSession) -> None:
    till.scan("roll")
    till.start_tender()
    till.tender_cash(100)
    till.finish_sale()


def count_right(till: TillSession, amount_minor: int) -> None:
    """Counts the amount in as few pieces as there are."""
    till.start_count()
    for value in (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1):
        till.count(value, amount_minor // value)
        amount_minor %= value


def test_a_shift_has_a_number_a_date_and_a_float(shop: Shop) -> None:
    shop.till.log_in("1111")
    assert said(shop.till.open_shift(-1)) == "bad_amount"
    assert said(shop.till.open_shift(4006381333931)) == "absurd_amount"
    shop.till.open_shift(0)
    assert said(shop.till.open_shift(100)) == "shift_is_open"
    (fact,) = shop.books.of_kind(ShiftOpened)
    assert isinstance(fact, ShiftOpened)
    assert (fact.number, fact.business_date, fact.float_minor) == (1, "2026-11-21", 0)


def test_a_shift_that_can_not_be_written_is_not_open(shop: Shop) -> None:
    shop.till.log_in("1111")
    shop.books.failure = StorageFull("Full.")
    assert shop.till.open_shift(100).phase is Phase.NO_SHIFT


def test_cash_in_and_out_opens_the_drawer_and_is_written_down(shop: Shop, manager_till: TillSession) -> None:
    manager_till.pay_in(5_000, "change from the bank")
    manager_till.pay_out(1_200, "window cleaner")
    state = manager_till.safe_drop(10_000, "evening")
    assert state.notice is not None
    assert (state.notice.words.values, state.notice.severity) == ({"amount_minor": 10_000}, Severity.INFO)
    moves = [fact for fact in shop.books.of_kind(CashMoved) if isinstance(fact, CashMoved)]
    assert [fact.signed_minor() for fact in moves] == [5_000, -1_200, -10_000]
    assert shop.books.pulses == ["paid_in", "paid_out", "safe_drop"]


def test_cash_without_reason_or_amount_does_not_move(shop: Shop, manager_till: TillSession) -> None:
    assert said(manager_till.pay_in(100, " ")) == "reason_needed"
    assert said(manager_till.pay_out(0, "x")) == "bad_amount"
    assert said(manager_till.open_drawer("")) == "reason_needed"
    shop.books.failure = StorageFull("Full.")
    manager_till.pay_in(100, "change")
    assert shop.books.pulses == []


def test_taking_out_more_than_the_drawer_should_hold_is_asked_about(
    shop: Shop, manager_till: TillSession
) -> None:
    state = manager_till.pay_out(15_001, "rent")
    assert state.question is not None
    assert state.question.words.code == "more_than_drawer"
    assert shop.books.pulses == []
    manager_till.answer(False)
    assert shop.books.of_kind(CashMoved) == []
    manager_till.pay_out(15_001, "rent")
    assert said(manager_till.answer(True)) == "cash_moved"
    assert said(manager_till.pay_out(1, "more")) == ""
    assert manager_till.answer(False).question is None
    assert said(manager_till.pay_in(1, "found")) == "cash_moved"


def test_an_x_report_looks_and_prints_and_changes_nothing(shop: Shop, till: TillSession) -> None:
    sell_a_roll(till)
    facts = len(shop.books.facts)
    state = till.x_report()
    assert state.x_report is not None
    assert (state.x_report.gross_minor, state.x_report.expected_minor) == (90, 15_090)
    assert till.dismiss_report().x_report is None
    till.x_report(print_it=True)
    assert shop.books.printed[-1] == "X 1"
    assert len(shop.books.facts) == facts


def test_a_count_is_blind_until_it_is_confirmed(shop: Shop, till: TillSession) -> None:
    sell_a_roll(till)
    till.start_count()
    state = till.count(5_000, 3)
    assert state.phase is Phase.COUNT
    assert state.count is not None
    assert (state.count.counted_minor, state.count.expected_minor) == (15_000, None)
    assert said(till.x_report()) == "counting"
    state = till.confirm_count()
    assert state.phase is Phase.COUNTED
    assert state.count is not None
    assert (state.count.expected_minor, state.count.over_short_minor) == (15_090, -90)
    assert not state.count.needs_approval
    (fact,) = shop.books.of_kind(DrawerCounted)
    assert isinstance(fact, DrawerCounted)
    assert fact.pieces == (Pieces(5_000, 3),)


def test_the_count_says_how_many_sales_head_office_has_not_seen(shop: Shop, till: TillSession) -> None:
    for _ in range(3):
        sell_a_roll(till)
    shop.books.acknowledged = 3  # log-in, shift and the first sale
    state = till.start_count()
    assert state.count is not None
    assert state.count.unsent_sales == 2


def test_every_confirmed_count_is_written_down_and_blind_again(shop: Shop, till: TillSession) -> None:
    count_right(till, 14_000)
    till.confirm_count()
    state = till.recount()
    assert state.phase is Phase.COUNT
    assert state.count is not None
    assert state.count.expected_minor is None
    till.confirm_count()
    assert len(shop.books.of_kind(DrawerCounted)) == 2


def test_only_real_notes_and_coins_are_counted(till: TillSession) -> None:
    till.start_count()
    assert said(till.count(300, 1)) == "not_a_denomination"
    assert said(till.count(500, -1)) == "bad_pieces"
    assert said(till.count(500, 100_001)) == "bad_pieces"
    till.count(500, 4)
    state = till.count(500, 0)
    assert state.count is not None
    assert state.count.pieces == ()


def test_a_count_can_be_put_aside_for_a_customer(shop: Shop, till: TillSession) -> None:
    till.start_count()
    till.count(5_000, 3)
    assert said(till.scan("roll")) == "counting"
    state = till.save_count()
    assert (state.phase, said(state)) == (Phase.SALE, "count_saved")
    sell_a_roll(till)
    shop.restart().log_in("1111")
    state = shop.till.start_count()
    assert state.count is not None
    assert state.count.counted_minor == 15_000


def test_a_saved_count_that_can_not_be_read_begins_again(shop: Shop, till: TillSession) -> None:
    shop.books.count_body = b"nonsense"
    shop.restart().log_in("1111")
    state = shop.till.start_count()
    assert state.count is not None
    assert state.count.pieces == ()


def test_counting_needs_an_empty_ticket_and_steps_in_order(till: TillSession) -> None:
    assert said(till.count(500, 1)) == "not_counting"
    assert said(till.close_shift()) == "not_counted"
    assert said(till.recount()) == "not_counted"
    till.scan("roll")
    assert said(till.start_count()) == "ticket_open"


def test_lines_voided_without_a_sale_are_written_down_before_the_count(shop: Shop, till: TillSession) -> None:
    till.scan("roll")
    till.void_line()
    till.start_count()
    (fact,) = shop.books.of_kind(SaleVoided)
    assert isinstance(fact, SaleVoided)
    assert len(fact.lines) == 1


def test_the_z_report_closes_the_shift_and_chains_to_the_one_before(shop: Shop, till: TillSession) -> None:
    sell_a_roll(till)
    count_right(till, 15_090)
    till.confirm_count()
    state = till.close_shift()
    assert (state.phase, state.shift) == (Phase.CLOSED, None)
    assert shop.books.printed[-1] == "Z 1"
    assert said(till.scan("roll")) == "dismiss_report_first"
    assert till.dismiss_report().phase is Phase.NO_SHIFT
    till.open_shift(15_090)
    count_right(till, 15_090)
    till.confirm_count()
    till.close_shift()
    first, second = (fact for fact in shop.books.of_kind(ShiftClosed) if isinstance(fact, ShiftClosed))
    assert (first.over_short_minor, first.approved_by, first.previous_closing_hash) == (0, "", "")
    assert first.unsent == 4  # log-in, shift, sale, count; the closing itself is not in it
    assert second.number == 2
    assert len(second.previous_closing_hash) == 64
    assert second.totals.grand_total_minor == 90


def test_a_large_difference_needs_a_managers_pin(shop: Shop, till: TillSession) -> None:
    count_right(till, 14_000)
    state = till.confirm_count()
    assert state.count is not None
    assert state.count.needs_approval
    state = till.close_shift()
    assert state.question is not None
    assert (state.question.needs, state.question.words.values) == ("pin", {"over_short_minor": -1_000})
    assert said(till.answer(True, "1111")) == "approver_not_allowed"
    assert till.answer(True, "9999").phase is Phase.CLOSED
    (fact,) = shop.books.of_kind(ShiftClosed)
    assert isinstance(fact, ShiftClosed)
    assert (fact.approved_by, fact.over_short_minor) == ("s-max", -1_000)


def test_the_pin_may_come_with_the_closing(till: TillSession) -> None:
    count_right(till, 14_000)
    till.confirm_count()
    state = till.close_shift("0000")
    assert (said(state), state.question, state.phase) == ("wrong_pin", None, Phase.COUNTED)
    assert till.close_shift("9999").phase is Phase.CLOSED


def test_a_closing_that_can_not_be_written_leaves_the_shift_open(shop: Shop, till: TillSession) -> None:
    count_right(till, 15_000)
    till.confirm_count()
    shop.books.failure = StorageFull("Full.")
    state = till.close_shift()
    assert (said(state), state.phase) == ("storage_full", Phase.COUNTED)
    assert shop.books.printed == []
    assert till.close_shift().phase is Phase.CLOSED


def test_who_may_not_run_a_shift_asks_a_manager(shop: Shop) -> None:
    seller = msgspec.structs.replace(shop.catalogue.people[0], permissions=("till.sell",))
    shop.catalogue.people = (seller, *shop.catalogue.people[1:])
    shop.till.log_in("1111")
    shop.till.open_shift(100)
    assert shop.till.answer(True, "9999").phase is Phase.SALE


def test_the_report_goes_away_with_the_person(till: TillSession) -> None:
    count_right(till, 15_000)
    till.confirm_count()
    till.close_shift()
    assert till.log_out().z_report is None
    assert till.log_in("1111").phase is Phase.NO_SHIFT
