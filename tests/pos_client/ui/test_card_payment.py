"""A card pays in the window: by keys, with what the terminal says on the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication

from hardware.terminals.base import Payment, Reference, Step
from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from pos_client.ui.main_window import MainWindow
from pos_client.ui.tender_screen import TenderScreen
from pos_client.ui.wording import Wording
from shared_models.sale import SalePosted
from tests.pos_client.till import fakes
from tests.pos_client.ui.test_a_shift_through_the_window import typed

Key = Qt.Key


class Desk:
    def __init__(self) -> None:
        clock = fakes.FakeClock()
        self.books, self.cards = fakes.FakeBooks(clock), fakes.FakeCards()
        self.lending = fakes.FakeLending()
        till = TillSession(
            fakes.TILL_ID,
            clock=clock,
            ids=fakes.FakeIds(),
            catalogue=fakes.FakeCatalogue(),
            books=self.books,
            pins=fakes.FakePins(),
            paper=fakes.FakePaper(),
            lending=self.lending,
            cards=self.cards,
        )
        wording = Wording(QLocale("en_GB"))
        self.window = MainWindow(till, clock.now, wording=wording, monotonic_ms=clock.monotonic_ms)

    @property
    def screen(self) -> TenderScreen:
        screen = self.window.screens[Phase.TENDER]
        assert isinstance(screen, TenderScreen)
        return screen


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    """7.47 are to be paid."""
    made = Desk()
    made.window.show()
    made.window.activateWindow()
    qapp.processEvents()
    for step in (
        lambda till: till.log_in("9999"),
        lambda till: till.open_shift(10_000),
        lambda till: till.scan(f"3*{fakes.OAT_DRINK}"),
        lambda till: till.start_tender(),
    ):
        made.window.presenter.do(step)
    yield made
    made.window.close()
    made.window.deleteLater()


def test_f8_pays_by_card_and_the_screen_says_what_the_customer_does(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_F8)
    assert desk.screen.at_terminal.isVisible()
    desk.cards.now = Step("enter_pin")
    desk.window.hear()
    assert desk.screen.at_terminal.says.text() == "The customer enters the PIN."
    assert not desk.screen.back.isEnabled()
    typed(desk.window, "500", Key.Key_Return)
    assert desk.books.of_kind(SalePosted) == []
    paid = Payment(amount_minor=747, brand="VISA", last_four="1111", reference=Reference("1", 2, 3))
    desk.cards.end("approved", payment=paid)
    desk.window.hear()
    assert desk.window.presenter.state.phase is Phase.CHANGE
    (sale,) = desk.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert sale.tenders[0].reference == "VISA 1111"
    assert desk.books.pulses == [], "a card opens no drawer"


def test_esc_cancels_at_the_terminal_and_not_the_payment_screen(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_F8)
    typed(desk.window, "", Key.Key_Escape)
    assert desk.cards.cancelled
    assert desk.window.presenter.state.phase is Phase.TENDER
    desk.cards.end("declined", reason="The payment was cancelled.")
    desk.window.hear()
    assert desk.window.notice.text == "Nothing was paid by card. The payment was cancelled."
    assert not desk.screen.at_terminal.isVisible()


def test_what_the_terminal_can_not_say_a_person_decides_after_being_asked(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_F8)
    desk.cards.end("uncertain", reason="The terminal does not answer.")
    desk.window.hear()
    assert not desk.screen.at_terminal.was_paid.isVisible(), "the terminal is asked first"
    desk.cards.has_asked = True
    desk.window.hear()
    assert "does not answer" in desk.screen.at_terminal.says.text()
    typed(desk.window, "", Key.Key_F2)
    assert desk.window.host.panel is not None
    typed(desk.window, "", Key.Key_Escape)
    assert desk.cards.intent is not None
    assert desk.cards.intent.state == "uncertain", "no is the safe answer: nothing is decided"
    desk.window.presenter.do(lambda till: till.card_was_paid(paid=True))
    desk.window.presenter.do(lambda till: till.answer(True))
    (sale,) = desk.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert sale.tenders[0].card is not None
    assert sale.tenders[0].card.confirmed_by
