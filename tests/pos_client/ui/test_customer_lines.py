"""What the customer reads on a line display while a sale goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QLocale

from hardware.displays.base import Facing, TwoLines
from pos_client.till.session import TillSession
from pos_client.till.state import TillState
from pos_client.ui.customer_lines import lines_for
from pos_client.ui.wording import Wording
from tests.pos_client.till import fakes


class Counter:
    def __init__(self) -> None:
        clock = fakes.FakeClock()
        self.till = TillSession(
            fakes.TILL_ID,
            clock=clock,
            ids=fakes.FakeIds(),
            catalogue=fakes.FakeCatalogue(),
            books=fakes.FakeBooks(clock),
            pins=fakes.FakePins(),
            paper=fakes.FakePaper(),
            lending=fakes.FakeLending(),
        )

    def after(self, *steps: Callable[[TillSession], TillState]) -> TwoLines:
        for step in steps:
            step(self.till)
        return lines_for(self.till.state, Wording(QLocale("en_GB")))


@pytest.fixture
def counter(qapp: object) -> Counter:
    made = Counter()
    made.till.log_in("9999")
    made.till.open_shift(10_000)
    return made


def test_nobody_at_the_till_means_that_it_is_closed(qapp: object) -> None:
    assert Counter().after() == TwoLines(Facing("Harbour Street"), Facing("This till is closed"))


def test_a_till_that_waits_says_welcome(counter: Counter) -> None:
    assert counter.after() == TwoLines(Facing("Harbour Street"), Facing("Welcome"))


def test_the_line_just_scanned_its_price_and_the_total(counter: Counter) -> None:
    lines = counter.after(lambda till: till.scan(fakes.OAT_DRINK))
    assert lines == TwoLines(
        Facing("Oat drink barista 1 L", "2.49"), Facing("Total", "€\N{NO-BREAK SPACE}2.49")
    )
    lines = counter.after(lambda till: till.scan(f"2*{fakes.OAT_DRINK}"), lambda till: till.scan("roll"))
    assert lines == TwoLines(Facing("Sourdough roll", "0.90"), Facing("Total", "€\N{NO-BREAK SPACE}8.37"))
    lines = counter.after(lambda till: till.select(0))
    assert lines.upper == Facing("3 Oat drink barista 1 L", "7.47")


def test_weighed_goods_show_their_weight(counter: Counter) -> None:
    lines = counter.after(lambda till: till.scan("2000042"), lambda till: till.answer(True, "0.35"))
    assert lines.upper == Facing("0.350 kg Tomatoes on the vine", "1.05")


def test_then_what_is_due_what_is_open_and_the_change(counter: Counter) -> None:
    lines = counter.after(lambda till: till.scan(fakes.OAT_DRINK), lambda till: till.start_tender())
    assert lines == TwoLines(Facing("To pay", "€\N{NO-BREAK SPACE}2.49"))
    lines = counter.after(lambda till: till.tender_cash(100))
    assert lines == TwoLines(
        Facing("To pay", "€\N{NO-BREAK SPACE}2.49"), Facing("Still open", "€\N{NO-BREAK SPACE}1.49")
    )
    lines = counter.after(lambda till: till.tender_cash(200))
    assert lines.lower == Facing("Change", "€\N{NO-BREAK SPACE}0.51")
    lines = counter.after(lambda till: till.finish_sale())
    assert lines == TwoLines(
        Facing("Paid", "€\N{NO-BREAK SPACE}3.00"), Facing("Change", "€\N{NO-BREAK SPACE}0.51")
    )
    assert counter.after(lambda till: till.next_sale()).lower == Facing("Welcome")


def test_a_locked_till_shows_nothing_of_the_ticket(counter: Counter) -> None:
    lines = counter.after(lambda till: till.scan(fakes.OAT_DRINK), lambda till: till.lock())
    assert lines.lower == Facing("This till is closed")
