"""Weighed goods with a scale at the till: its weight, or one that was typed, and always for the line that asked."""

from __future__ import annotations

import msgspec
import pytest

from hardware.scales.base import MESSAGES, WeighRequest
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from shared_models.sale import HAND, SCALE, SalePosted
from tests.pos_client.till.fakes import (
    TILL_ID,
    FakeBooks,
    FakeCatalogue,
    FakeClock,
    FakeIds,
    FakeLending,
    FakePaper,
    FakePins,
    FakeScales,
)

TOMATOES, CHEESE = "2000042", "2100017"


class Shop:
    def __init__(self) -> None:
        self.clock, self.scales = FakeClock(), FakeScales()
        self.catalogue = FakeCatalogue()
        self.books = FakeBooks(self.clock)
        self.till = TillSession(
            TILL_ID,
            clock=self.clock,
            ids=FakeIds(),
            catalogue=self.catalogue,
            books=self.books,
            pins=FakePins(),
            paper=FakePaper(),
            lending=FakeLending(),
            scales=self.scales,
        )
        self.till.log_in("9999")
        self.till.open_shift(15_000)

    def sold(self) -> SalePosted:
        due = self.till.start_tender().tender
        assert due is not None
        self.till.tender_cash(due.due_minor)
        self.till.finish_sale()
        (sale,) = self.books.of_kind(SalePosted)
        assert isinstance(sale, SalePosted)
        return sale


@pytest.fixture
def shop() -> Shop:
    return Shop()


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def shown(state: TillState) -> str:
    return state.weighing.words.code if state.weighing else ""


def test_tomatoes_that_are_scanned_are_weighed_and_enter_takes_the_weight(shop: Shop) -> None:
    state = shop.till.scan(TOMATOES)
    assert state.question is not None
    assert (state.question.needs, shown(state)) == ("weight", "scale_asking")
    shop.scales.shows(340, "in_motion")
    state = shop.till.hear()
    assert state.weighing is not None
    assert (state.weighing.weight_milli, state.weighing.can_take) == (340, False)
    shop.scales.shows(350)
    state = shop.till.hear()
    assert state.weighing is not None
    assert (state.weighing.weight_milli, state.weighing.can_take) == (350, True)
    state = shop.till.answer(True)
    (line,) = state.lines
    assert (line.quantity_milli, line.amount_minor, state.question) == (350, 105, None)
    assert not shop.scales.is_weighing
    assert shop.sold().lines[0].weighed_by == SCALE


def test_tomatoes_that_are_picked_are_weighed_too(shop: Shop) -> None:
    shop.till.add_product("p-tomato")
    shop.scales.shows(350)
    assert shop.till.answer(True).lines[0].quantity_milli == 350


def test_the_scale_is_told_the_price_that_the_till_charges(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    assert shop.scales.requests == [WeighRequest(299, "Tomatoes on the vine")]


def test_a_weight_that_is_typed_goes_before_the_scales_and_the_journal_says_so(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    shop.scales.shows(350)
    (line,) = shop.till.answer(True, "0.5").lines
    assert line.quantity_milli == 500
    assert [words.code for words in line.small_print].count("typed_weight") == 1
    assert shop.sold().lines[0].weighed_by == HAND


def test_a_weight_that_is_changed_afterwards_is_a_persons_word(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    shop.scales.shows(350)
    shop.till.answer(True)
    shop.till.set_quantity(300)
    assert shop.sold().lines[0].weighed_by == HAND


def test_a_label_from_the_scale_in_the_aisle_is_nobodys_word_here(shop: Shop) -> None:
    shop.till.scan("2000042003500")
    sale = shop.sold()
    assert (sale.lines[0].quantity_milli, sale.lines[0].weighed_by) == (350, "")
    assert shop.scales.requests == []


def test_a_weight_typed_before_the_code_is_a_persons_word(shop: Shop) -> None:
    shop.till.scan(f"0.35*{TOMATOES}")
    assert shop.sold().lines[0].weighed_by == HAND
    assert shop.scales.requests == []


@pytest.mark.parametrize(
    "condition", sorted(set(MESSAGES) - {"stable", "done"}), ids=lambda condition: condition
)
def test_what_is_no_steady_weight_is_said_and_asked_again_and_typing_goes_on(
    shop: Shop, condition: str
) -> None:
    shop.till.scan(TOMATOES)
    shop.scales.shows(350 if condition == "in_motion" else 0, condition)  # type: ignore[arg-type]
    state = shop.till.answer(True)
    assert (said(state), state.lines) == (f"scale_{condition}", ())
    assert state.question is not None
    assert shop.scales.is_weighing
    assert shop.till.answer(True, "0.35").lines[0].quantity_milli == 350


def test_a_scale_that_has_not_answered_yet_holds_nobody_up(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    assert said(shop.till.answer(True)) == "scale_silent"
    assert shop.till.answer(True, "0.35").lines[0].quantity_milli == 350


def test_an_answer_for_a_line_that_was_given_up_lands_on_no_other(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    given_up = shop.scales.weighing
    shop.till.answer(False)
    assert not shop.scales.is_weighing
    shop.till.scan(CHEESE)
    assert shop.scales.weighing != given_up
    state = shop.till.hear()
    assert state.weighing is not None
    assert state.weighing.weight_milli is None, "the tomatoes' weight is not the cheese's"
    assert said(shop.till.answer(True)) == "scale_silent"


@pytest.mark.parametrize("leave", ["log_out", "lock"])
def test_a_till_that_is_locked_weighs_for_nobody(shop: Shop, leave: str) -> None:
    shop.till.scan(TOMATOES)
    state = getattr(shop.till, leave)()
    assert (state.phase, state.weighing, shop.scales.is_weighing) == (Phase.LOCKED, None, False)


def test_a_product_sold_by_the_gram_takes_the_kilograms_exactly(shop: Shop) -> None:
    offer = shop.catalogue.offers["p-tomato"]
    shop.catalogue.offers["p-tomato"] = type(offer)(
        msgspec.structs.replace(offer.product, unit="g"), offer.price, offer.taxes
    )
    shop.till.scan(TOMATOES)
    assert shop.scales.requests[-1].unit_price_minor == 0, "no scale calculates by the gram"
    shop.scales.shows(20)
    state = shop.till.hear()
    assert state.weighing is not None
    assert state.weighing.weight_milli == 20_000


def test_pounds_on_the_scale_are_never_made_kilograms(shop: Shop) -> None:
    shop.till.scan(TOMATOES)
    shop.scales.shows(1250, unit="lb")
    assert shown(shop.till.hear()) == "scale_unit_unusable"
    state = shop.till.answer(True)
    assert (said(state), state.lines) == ("scale_unit_unusable", ())


def test_tare_and_zero_are_pressed_at_the_till_and_what_came_of_it_is_said(shop: Shop) -> None:
    shop.till.tare_scale()
    shop.till.zero_scale()
    assert shop.scales.pressed == [], "nothing is being weighed"
    shop.till.scan(TOMATOES)
    shop.till.tare_scale()
    shop.scales.shows(400, told="in_motion")
    assert shown(shop.till.hear()) == "scale_in_motion"
    shop.till.zero_scale()
    shop.scales.shows(350, is_net=True, told="done")
    state = shop.till.hear()
    assert state.weighing is not None
    assert (shown(state), state.weighing.is_net) == ("scale_stable", True)
    assert shop.scales.pressed == ["tare", "zero"]


def test_what_else_must_be_asked_is_asked_after_the_weight(shop: Shop) -> None:
    offer = shop.catalogue.offers["p-tomato"]
    product = msgspec.structs.replace(offer.product, track="lot")
    shop.catalogue.offers["p-tomato"] = type(offer)(product, offer.price, offer.taxes)
    shop.till.scan(TOMATOES)
    shop.scales.shows(350)
    state = shop.till.answer(True)
    assert state.question is not None
    assert (state.question.answer, state.weighing) == ("enter_lot", None)
    assert shop.till.answer(True, "L-7").lines[0].quantity_milli == 350


def test_without_a_scale_the_weight_is_typed_as_ever(shop: Shop) -> None:
    shop.scales.is_set_up = False
    state = shop.till.scan(TOMATOES)
    assert state.question is not None
    assert (state.question.needs, state.weighing) == ("quantity", None)
