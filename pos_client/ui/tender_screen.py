"""The payment screen: what is due, what was received, the change; then the wide button."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from pos_client.till.state import TenderView, TillState
from pos_client.ui.actions import Action
from pos_client.ui.amount_entry import AmountEntry
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.card_strip import CardStrip
from pos_client.ui.entry_keys import figure_of
from pos_client.ui.keypad import Keypad
from pos_client.ui.labels import BigAmount, card, entry_line, label, rule
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, MARGIN_PX, Theme
from pos_client.ui.wording import Wording, tr

_QUICK_KEYS = 5
_NOTHING = TenderView(0, 0, 0, 0, 0, (), (), False)


class TenderScreen(Screen):
    """Enter takes what was typed, and finishes when that is enough.

    The exact sum has a key that nothing before it has, so that Pay pressed twice takes no money.
    """

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._tender = _NOTHING
        self._is_at_terminal = False
        self._entry = AmountEntry(wording.currency)
        self._due, self._open = BigAmount(theme, at_end=False), BigAmount(theme, tone="accent")
        self._open_title = label(tr("Still open"), "soft", at_end=True)
        self._typed = BigAmount(theme)
        self.quick = [
            KeyButton(theme, "", size_px=20, height_px=KEY_PX, bold=True) for _ in range(_QUICK_KEYS)
        ]
        for at, button in enumerate(self.quick):
            button.clicked.connect(lambda _checked=False, at=at: self._take(self._tender.quick_minor[at]))
        self._paid = QVBoxLayout()
        self._change = label(kind="huge", at_end=True)
        self._rounding_text, self._rounding = label(kind="soft"), label(kind="soft", at_end=True)
        self.back = KeyButton(theme, tr("Back to sale"), tr("Esc"), height_px=KEY_PX)
        self.back.clicked.connect(self._back)
        self.remove = KeyButton(theme, tr("Remove payment"), tr("Del"), height_px=KEY_PX)
        self.remove.clicked.connect(self._remove)
        self.gift = KeyButton(theme, tr("Gift card"), "F6", height_px=KEY_PX)
        self.gift.clicked.connect(self._gift)
        self.points = KeyButton(theme, tr("Points"), "F7", height_px=KEY_PX)
        self.points.clicked.connect(self._points)
        self.points.hide()
        self.card = KeyButton(theme, tr("Card"), "F8", height_px=KEY_PX)
        self.card.clicked.connect(self._card)
        self.card.hide()
        self.at_terminal = CardStrip(theme, wording, presenter)
        self.finish = KeyButton(theme, "", tr("Enter"), look=Look.PRIMARY, size_px=23, height_px=KEY_PX)
        self.finish.clicked.connect(self.enter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN_PX)
        row.addWidget(self._money_card(), 95)
        row.addWidget(self._keys_card(), 38)

    def show_state(self, state: TillState) -> None:
        self._tender = state.tender or _NOTHING
        tender = self._tender
        self._due.show_text(self.wording.money(tender.due_minor))
        for at, button in enumerate(self.quick):
            shown = at < len(tender.quick_minor)
            button.setVisible(shown)
            if shown:
                amount_minor = tender.quick_minor[at]
                exact = amount_minor == tender.open_minor
                button.show_text(self.wording.amount(amount_minor), tr("F11 · exact") if exact else "")
        self._show_tenders(tender)
        self._rounding_text.setText(tr("Rounded for cash") if tender.rounding_minor else "")
        rounding = self.wording.amount(tender.rounding_minor, sign=True) if tender.rounding_minor else ""
        self._rounding.setText(rounding)
        self.points.setVisible(tender.takes_points)
        self.card.setVisible(tender.takes_cards)
        self._is_at_terminal = state.card is not None
        self.at_terminal.show_card(state.card)
        for button in (self.back, self.gift, self.points, self.card, *self.quick):
            button.setEnabled(not self._is_at_terminal)
        self.remove.setEnabled(bool(tender.tenders) and not self._is_at_terminal)
        self._preview()

    def entered(self) -> None:
        self._entry = AmountEntry(self.wording.currency)
        self._preview()

    def key_actions(self) -> Sequence[Action]:
        if self._is_at_terminal:
            return self.at_terminal.key_actions()
        points = Action(tr("Points"), "F7", Qt.Key.Key_F7, self._points)
        return (
            *((points,) if self._tender.takes_points else ()),
            *((Action(tr("Card"), "F8", Qt.Key.Key_F8, self._card),) if self._tender.takes_cards else ()),
            Action(tr("Exact sum"), "F11", Qt.Key.Key_F11, self._exact),
            Action(tr("Gift card"), "F6", Qt.Key.Key_F6, self._gift),
            Action(tr("Remove payment"), tr("Del"), Qt.Key.Key_Delete, self._remove),
            Action(tr("Back to sale"), tr("Esc"), Qt.Key.Key_Escape, self._back),
        )

    def press(self, event: QKeyEvent) -> bool:
        key = figure_of(event)
        if key and not self._is_at_terminal:
            self._type(key)
        return bool(key)

    def enter(self) -> None:
        if self._is_at_terminal:
            return
        if not self._entry.is_empty:
            self._take(self._entry.amount_minor)
        elif self._tender.can_finish:
            self.presenter.do(lambda till: till.finish_sale())

    def _type(self, key: str) -> None:
        self._entry.press(key)
        self._preview()

    def _take(self, amount_minor: int) -> None:
        """One touch pays: taken, and finished if it is enough."""
        self._entry.clear()
        state = self.presenter.do(lambda till: till.tender_cash(amount_minor))
        if state.tender is not None and state.tender.can_finish:
            self.presenter.do(lambda till: till.finish_sale())
        else:
            self._preview()

    def _exact(self) -> None:
        if self._tender.open_minor:
            self._take(self._tender.open_minor)
        else:
            self.enter()

    def _card(self) -> None:
        """What was typed, or all that is open."""
        amount_minor = self._entry.amount_minor
        self._entry.clear()
        self.presenter.do(lambda till: till.tender_card(amount_minor))

    def _gift(self) -> None:
        self.presenter.do(lambda till: till.tender_gift())

    def _points(self) -> None:
        self.presenter.do(lambda till: till.tender_points())

    def _remove(self) -> None:
        if self._tender.tenders:
            self.presenter.do(lambda till: till.remove_tender())

    def _back(self) -> None:
        self.presenter.do(lambda till: till.back_to_sale())

    def _preview(self) -> None:
        """What pressing Enter now would come to."""
        tender, typed_minor = self._tender, self._entry.amount_minor
        open_minor = max(0, tender.open_minor - typed_minor)
        change_minor = tender.change_minor + max(0, typed_minor - tender.open_minor)
        money = self.wording.money
        self._open.show_text(money(open_minor), "accent" if open_minor else "soft_ink")
        self._typed.show_text(self.wording.amount(typed_minor), "soft_ink" if self._entry.is_empty else "ink")
        self._change.setText(money(change_minor))
        enough = open_minor == 0 and tender.due_minor > 0
        if enough:
            self.finish.show_text(tr("Finish · change {amount}").format(amount=money(change_minor)))
        elif typed_minor:
            self.finish.show_text(tr("Take {amount}").format(amount=money(typed_minor)))
        else:
            self.finish.show_text(tr("Enter what was given"))
        self.finish.setEnabled((enough or bool(typed_minor)) and not self._is_at_terminal)

    def _show_tenders(self, tender: TenderView) -> None:
        while (item := self._paid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for line in tender.tenders:
            frame = QFrame()
            row = QHBoxLayout(frame)
            row.setContentsMargins(0, 8, 0, 8)
            row.addWidget(label(self._kind(line.kind)))
            row.addStretch(1)
            row.addWidget(label(self.wording.amount(line.received_minor), "strong", at_end=True))
            self._paid.addWidget(frame)
            self._paid.addWidget(rule())

    def _kind(self, kind: str) -> str:
        return {"cash": tr("Cash"), "card": tr("Card"), "gift": tr("Gift card"), "loyalty": tr("Points")}.get(
            kind, kind
        )

    def _money_card(self) -> QFrame:
        frame, column = card()
        titles = QHBoxLayout()
        titles.setContentsMargins(12, 0, 12, 0)
        titles.addWidget(label(tr("To pay in cash"), "soft"))
        titles.addWidget(self._open_title)
        amounts = QHBoxLayout()
        amounts.setContentsMargins(12, 0, 12, 20)
        amounts.addWidget(self._due)
        amounts.addWidget(self._open)
        quick = QHBoxLayout()
        quick.setContentsMargins(4, 0, 4, 18)
        quick.setSpacing(10)
        for button in self.quick:
            quick.addWidget(button, 1)
        facts = QVBoxLayout()
        facts.setContentsMargins(12, 0, 12, 0)
        facts.setSpacing(0)
        facts.addLayout(self._paid)
        facts.addLayout(_pair(label(tr("Change"), "huge"), self._change))
        facts.addWidget(rule())
        facts.addLayout(_pair(self._rounding_text, self._rounding))
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.back, 2)
        buttons.addWidget(self.remove, 2)
        buttons.addWidget(self.card, 2)
        buttons.addWidget(self.gift, 2)
        buttons.addWidget(self.points, 2)
        buttons.addWidget(self.finish, 5)
        column.addLayout(titles)
        column.addLayout(amounts)
        column.addLayout(quick)
        column.addLayout(facts)
        column.addStretch(1)
        column.addWidget(self.at_terminal)
        column.addLayout(buttons)
        return frame

    def _keys_card(self) -> QFrame:
        frame, column = card(margin_px=16, spacing_px=MARGIN_PX)
        pad = Keypad(self.theme, key_px=84)
        pad.pressed.connect(self._type)
        column.addWidget(label(tr("Amount received"), "small"))
        column.addWidget(self._typed)
        column.addWidget(entry_line())
        column.addWidget(pad, 3)
        column.addStretch(1)
        return frame


def _pair(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 9, 0, 9)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row
