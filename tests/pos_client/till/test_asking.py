"""Questions that a product asks before it is on the ticket."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.till.session import TillSession
from pos_client.till.state import TillState
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import COLA, WINE


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def asked(state: TillState) -> str:
    return state.question.words.code if state.question else ""


def test_wine_asks_for_the_customers_age_with_the_date_to_look_for(till: TillSession) -> None:
    state = till.scan(WINE)
    assert state.lines == ()
    assert state.question is not None
    assert state.question.words.values == {
        "name": "Chardonnay Reserve 0.75 L",
        "years": 18,
        "born_on_or_before": "2008-11-21",
    }
    (line,) = till.answer(True).lines
    assert "age_confirmed" in [words.code for words in line.small_print]


def test_on_a_leap_day_the_date_to_look_for_is_the_day_before(shop: Shop, till: TillSession) -> None:
    shop.clock.wall_ms = 1_835_438_400_000  # 2028-02-29 12:00 UTC
    state = till.scan(WINE)
    assert state.question is not None
    assert state.question.words.values["born_on_or_before"] == "2010-02-28"


def test_who_is_too_young_gets_no_wine(till: TillSession) -> None:
    till.scan(WINE)
    state = till.answer(False)
    assert (said(state), state.lines, state.question) == ("age_refused", (), None)
    assert asked(till.scan(WINE)) == "confirm_age"


def test_the_age_is_asked_once_in_a_sale(till: TillSession) -> None:
    till.scan(WINE)
    till.answer(True)
    state = till.scan("beer")
    assert (len(state.lines), state.question) == (2, None)


def test_sixteen_is_not_eighteen(till: TillSession) -> None:
    till.scan("beer")
    till.answer(True)
    assert asked(till.scan(WINE)) == "confirm_age"


def test_the_next_customer_is_asked_again(till: TillSession) -> None:
    till.scan("beer")
    till.answer(True)
    till.start_tender()
    till.tender_cash(200)
    till.finish_sale()
    assert asked(till.scan("beer")) == "confirm_age"


def test_nothing_else_happens_while_a_question_stands(till: TillSession) -> None:
    till.scan("beer")
    state = till.scan("roll")
    assert (said(state), asked(state), state.lines) == ("answer_first", "confirm_age", ())
    assert till.dismiss_notice().question is not None


def test_an_answer_without_a_question_does_nothing(till: TillSession) -> None:
    assert said(till.answer(True)) == "no_question"


def test_flowers_ask_what_they_cost(till: TillSession) -> None:
    state = till.scan("flowers")
    assert state.question is not None
    assert state.question.needs == "amount"
    assert [line.amount_minor for line in till.answer(True, "12.50").lines] == [1250]


@pytest.mark.parametrize("typed", ["", "abc", "1.234", "4006381333931", "-3"])
def test_a_price_that_is_none_is_asked_again(till: TillSession, typed: str) -> None:
    till.scan("flowers")
    state = till.answer(True, typed)
    assert state.notice is not None
    assert (asked(state), state.lines) == ("enter_price", ())
    assert len(till.answer(True, "5").lines) == 1


def test_two_bunches_of_flowers_are_two_lines(till: TillSession) -> None:
    for _ in range(2):
        till.scan("flowers")
        state = till.answer(True, "5")
    assert len(state.lines) == 2


def test_tomatoes_without_a_weight_ask_for_it(till: TillSession) -> None:
    state = till.scan("2000042")
    assert state.question is not None
    assert (state.question.needs, state.question.words.values["unit"]) == ("quantity", "kg")
    (line,) = till.answer(True, "0,350").lines
    assert (line.quantity_milli, line.amount_minor) == (350, 105)


def test_a_weight_of_nothing_is_asked_again(till: TillSession) -> None:
    till.scan("2000042")
    state = till.answer(True, "0")
    assert (said(state), asked(state)) == ("quantity_zero", "enter_quantity")


def test_a_telephone_wants_its_serial_number_once(till: TillSession) -> None:
    till.scan("phone")
    assert asked(till.answer(True, " ")) == "enter_serial"
    (line,) = till.answer(True, "SN-1").lines
    assert line.small_print[-1].values == {"serial": "SN-1"}
    till.scan("phone")
    state = till.answer(True, "SN-1")
    assert (said(state), asked(state)) == ("serial_twice", "enter_serial")
    assert len(till.answer(True, "SN-2").lines) == 2


def test_telephones_are_sold_one_by_one(till: TillSession) -> None:
    assert said(till.scan("2*phone")) == "serial_is_one"
    till.scan("phone")
    till.answer(True, "SN-1")
    assert said(till.set_quantity(2000)) == "serial_is_one"


def test_raw_milk_wants_its_lot(till: TillSession) -> None:
    till.scan("milk")
    (line,) = till.answer(True, "L 7").lines
    assert line.small_print[-1].values == {"lot": "L 7"}


def test_text_that_can_not_be_printed_is_no_serial_number(till: TillSession) -> None:
    till.scan("phone")
    assert said(till.answer(True, "SN\x1b@")) == "unreadable_scan"
    assert said(till.answer(True, "x" * 61)) == "text_too_long"


def test_a_deposit_without_a_price_stops_the_bottle_too(shop: Shop, till: TillSession) -> None:
    shop.catalogue.offers["p-deposit"] = msgspec.structs.replace(
        shop.catalogue.offers["p-deposit"], price=None
    )
    assert (said(till.scan(COLA)), till.state.lines) == ("no_price", ())
    del shop.catalogue.offers["p-deposit"]
    assert said(till.scan(COLA)) == "no_price"


def test_locking_takes_the_question_away_and_keeps_the_ticket(till: TillSession) -> None:
    till.scan("roll")
    till.scan("beer")
    assert till.lock().question is None
    assert len(till.log_in("9999").lines) == 1
