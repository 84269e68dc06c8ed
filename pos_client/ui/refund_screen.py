"""The refund screen: the lines of a receipt, how much of each comes back, and what the customer gets."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from pos_client.till.state import RefundLineView, RefundView, TillState
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.card_strip import CardStrip
from pos_client.ui.labels import BigAmount, card, label
from pos_client.ui.presenter import Presenter
from pos_client.ui.row_list import Row, RowList
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.quantity import MILLI

_NOTHING = RefundView("", (), 0)
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -6, Qt.Key.Key_PageDown: 6}


class RefundScreen(Screen):
    """Touching a line takes one more piece of it back, and none of it after the last."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._refund = _NOTHING
        self._title = label(kind="title")
        self._total = BigAmount(theme, at_end=False)
        self._words = label(kind="soft", wraps=True)
        self.rows = RowList(theme, empty="")
        self.rows.picked.connect(self._touch)
        self.back = KeyButton(theme, tr("Leave"), tr("Esc"), height_px=KEY_PX)
        self.back.clicked.connect(self._leave)
        self.everything = KeyButton(theme, tr("Everything"), "F3", height_px=KEY_PX)
        self.everything.clicked.connect(self._everything)
        self.in_cash = KeyButton(theme, tr("In cash"), "F9", height_px=KEY_PX)
        self.in_cash.clicked.connect(self._cash_or_card)
        self.at_terminal = CardStrip(theme, wording, presenter)
        self._is_at_terminal = False
        self.give = KeyButton(theme, "", tr("Enter"), look=Look.PRIMARY, size_px=23, height_px=KEY_PX)
        self.give.clicked.connect(self.enter)
        frame, column = card(margin_px=24, spacing_px=14)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.back, 2)
        buttons.addWidget(self.everything, 2)
        buttons.addWidget(self.in_cash, 2)
        buttons.addWidget(self.give, 5)
        column.addWidget(self._title)
        column.addWidget(self._total)
        column.addWidget(self._words)
        column.addWidget(self.rows, 1)
        column.addWidget(self.at_terminal)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def show_state(self, state: TillState) -> None:
        refund = self._refund = state.refund or _NOTHING
        money = self.wording.money(refund.total_minor)
        self._title.setText(tr("Take back from {number}").format(number=refund.receipt_number))
        self._total.show_text(money, "accent" if refund.total_minor else "soft_ink")
        self._words.setText(self._where_it_goes(refund))
        self.rows.show_rows([self._row(line) for line in refund.lines], self.rows.current() or 0)
        if state.waiting is not None:
            self.give.show_text(self.wording.words(state.waiting))
        elif refund.total_minor:
            self.give.show_text(tr("Give back {amount}").format(amount=money))
        else:
            self.give.show_text(tr("Choose what comes back"))
        self._is_at_terminal = state.card is not None
        self.at_terminal.show_card(state.card)
        is_chosen = any(line.chosen_milli for line in refund.lines)
        self.give.setEnabled(state.waiting is None and not self._is_at_terminal and is_chosen)
        for button in (self.back, self.everything, self.in_cash):
            button.setEnabled(not self._is_at_terminal)
        self.in_cash.setVisible(refund.card_paid)
        self.in_cash.show_text(self._other_way())

    def key_actions(self) -> Sequence[Action]:
        if self._is_at_terminal:
            return self.at_terminal.key_actions()
        cash = Action(self._other_way(), "F9", Qt.Key.Key_F9, self._cash_or_card, in_foot=True)
        return (
            *((cash,) if self._refund.card_paid else ()),
            Action(tr("Everything"), "F3", Qt.Key.Key_F3, self._everything, in_foot=True),
            Action(tr("One more of the line"), "+", Qt.Key.Key_Plus, lambda: self._more(1), in_foot=True),
            Action(tr("One less of the line"), "-", Qt.Key.Key_Minus, lambda: self._more(-1), in_foot=True),
            Action(tr("Leave"), tr("Esc"), Qt.Key.Key_Escape, self._leave),
        )

    def press(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()), 0)
        self.rows.step(step)
        return bool(step)

    def enter(self) -> None:
        if self.give.isEnabled():
            self.presenter.do(lambda till: till.give_money_back())

    def _touch(self, index: int) -> None:
        self.rows.step(index - (self.rows.current() or 0))
        line = self._refund.lines[index]
        self._take(index, 0 if line.chosen_milli >= line.left_milli else line.chosen_milli + _piece(line))

    def _more(self, pieces: int) -> None:
        index = self.rows.current()
        if index is not None:
            line = self._refund.lines[index]
            self._take(index, line.chosen_milli + pieces * _piece(line))

    def _take(self, index: int, quantity_milli: int) -> None:
        line = self._refund.lines[index]
        within = max(0, min(line.left_milli, quantity_milli))
        self.presenter.do(lambda till: till.take_back(index, within))

    def _everything(self) -> None:
        self.presenter.do(lambda till: till.take_all_back())

    def _other_way(self) -> str:
        return tr("To the card") if self._refund.in_cash else tr("In cash")

    def _cash_or_card(self) -> None:
        in_cash = not self._refund.in_cash
        self.presenter.do(lambda till: till.refund_in_cash(in_cash=in_cash))

    def _leave(self) -> None:
        self.presenter.do(lambda till: till.leave_refund())

    def _where_it_goes(self, refund: RefundView) -> str:
        if refund.onto_card:
            return tr("It was paid with a gift card: the money goes back onto {card}.").format(
                card=refund.onto_card
            )
        if refund.to_card_minor and refund.cash_minor:
            return tr("{card} go back to the card, at the terminal, and {cash} in cash.").format(
                card=self.wording.money(refund.to_card_minor), cash=self.wording.money(refund.cash_minor)
            )
        if refund.card_paid and not refund.in_cash:
            return tr(
                "To the card, at the terminal. Head office is asked first, so that nothing goes back twice."
            )
        return tr("In cash, out of the drawer. Head office is asked first, so that nothing goes back twice.")

    def _row(self, line: RefundLineView) -> Row:
        quantity = self.wording.quantity
        small = tr("{sold} sold · {left} can come back").format(
            sold=quantity(line.sold_milli, line.unit), left=quantity(line.left_milli, line.unit)
        )
        if not line.chosen_milli:
            return Row(line.name, small)
        back = quantity(line.chosen_milli, line.unit)
        return Row(line.name, small, f"{back} · {self.wording.money(line.amount_minor)}")


def _piece(line: RefundLineView) -> int:
    """What is sold by measure comes back whole."""
    return MILLI if line.unit == "piece" else line.left_milli
