"""Money goes back to a card in the window: by keys, with what the terminal says on the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from hardware.terminals.base import Payment, Reference, Step
from pos_client.till.state import Phase
from pos_client.ui.refund_screen import RefundScreen
from shared_models.leases import ReceiptStated
from shared_models.refund import RefundPosted
from shared_models.sale import CARD, CASH
from tests.pos_client.ui.test_a_shift_through_the_window import typed
from tests.pos_client.ui.test_card_payment import Desk

Key = Qt.Key


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    """A receipt that a card paid is open, and its three pieces are chosen."""
    made = Desk()
    made.window.show()
    made.window.activateWindow()
    qapp.processEvents()
    do = made.window.presenter.do
    do(lambda till: till.log_in("9999"))
    do(lambda till: till.open_shift(10_000))
    do(lambda till: till.scan("3*7394376616228"))
    do(lambda till: till.start_tender())
    do(lambda till: till.tender_card())
    approve(made)
    done = made.window.presenter.state.done
    assert done is not None
    do(lambda till: till.start_refund(done.receipt_number))
    made.lending.tell(ReceiptStated())
    made.window.hear()
    typed(made.window, "", Key.Key_F3)
    yield made
    made.window.close()
    made.window.deleteLater()


def approve(desk: Desk) -> None:
    paid = Payment(amount_minor=747, brand="VISA", last_four="1111", reference=Reference("1", 2, 3))
    desk.cards.end("approved", payment=paid)
    desk.window.hear()


def screen(desk: Desk) -> RefundScreen:
    found = desk.window.screens[Phase.REFUND]
    assert isinstance(found, RefundScreen)
    return found


def give_back(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_Return)
    desk.lending.grant()
    desk.window.hear()


def given(desk: Desk) -> list[tuple[str, int]]:
    facts = desk.books.of_kind(RefundPosted)
    return [(one.kind, one.amount_minor) for fact in facts for one in fact.given_back]  # type: ignore[union-attr]


def test_enter_gives_it_back_at_the_terminal_and_the_screen_says_what_goes_on(desk: Desk) -> None:
    assert "at the terminal" in screen(desk)._words.text()
    give_back(desk)
    desk.cards.now = Step("present_card")
    desk.window.hear()
    assert screen(desk).at_terminal.isVisible()
    assert "holds, inserts or swipes" in screen(desk).at_terminal.says.text()
    assert not screen(desk).give.isEnabled()
    assert given(desk) == []
    approve(desk)
    assert given(desk) == [(CARD, 747)]
    assert desk.books.pulses == []
    assert desk.window.presenter.state.phase is Phase.SALE


def test_f9_chooses_cash_instead_and_the_card_again(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_F9)
    assert "out of the drawer" in screen(desk)._words.text()
    typed(desk.window, "", Key.Key_F9)
    assert "at the terminal" in screen(desk)._words.text()
    typed(desk.window, "", Key.Key_F9)
    give_back(desk)
    assert given(desk) == [(CASH, 747)]
    assert desk.books.pulses == ["refund"]
