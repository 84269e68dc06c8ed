"""Opening a shift: what is in the drawer before the first sale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from pos_client.till.state import TillState
from pos_client.ui.actions import Action
from pos_client.ui.amount_entry import AmountEntry
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.entry_keys import figure_of
from pos_client.ui.keypad import Keypad
from pos_client.ui.labels import BigAmount, card, entry_line, label
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr


class OpenShiftScreen(Screen):
    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._entry = AmountEntry(wording.currency)
        self._typed = False
        self._float = BigAmount(theme, size_px=48)
        self._words = label(kind="soft", wraps=True)
        self.leave = KeyButton(theme, tr("Log out"), tr("Esc"), height_px=KEY_PX, size_px=17)
        self.leave.clicked.connect(self._leave)
        self.open = KeyButton(
            theme, tr("Open shift"), tr("Enter"), look=Look.PRIMARY, size_px=21, height_px=KEY_PX
        )
        self.open.clicked.connect(self.enter)
        pad = Keypad(theme, key_px=KEY_PX)
        pad.pressed.connect(self._type)
        frame, column = card(margin_px=16, spacing_px=8)
        frame.setFixedWidth(540)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.leave, 2)
        buttons.addWidget(self.open, 3)
        for widget in (label(tr("Open the shift"), "title"), self._words, self._float, entry_line(), pad):
            column.addWidget(widget)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame, 0, Qt.AlignmentFlag.AlignCenter)

    def show_state(self, state: TillState) -> None:
        name = state.operator.name if state.operator else ""
        self._words.setText(
            tr("{name}, how much is in the drawer? Enter 0 if it is empty.").format(name=name)
        )
        self._show_float()

    def entered(self) -> None:
        self._entry = AmountEntry(self.wording.currency)
        self._typed = False
        self._show_float()

    def key_actions(self) -> Sequence[Action]:
        return (Action(tr("Log out"), tr("Esc"), Qt.Key.Key_Escape, self._leave),)

    def press(self, event: QKeyEvent) -> bool:
        key = figure_of(event)
        if key:
            self._type(key)
        return bool(key)

    def enter(self) -> None:
        if self._typed:
            self.presenter.do(lambda till: till.open_shift(self._entry.amount_minor))

    def _type(self, key: str) -> None:
        self._entry.press(key)
        self._typed = True
        self._show_float()

    def _show_float(self) -> None:
        text = self.wording.money(self._entry.amount_minor)
        self._float.show_text(text, "ink" if self._typed else "soft_ink")
        self.open.setEnabled(self._typed)

    def _leave(self) -> None:
        self.presenter.do(lambda till: till.log_out())
