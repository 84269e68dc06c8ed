"""The change screen: what goes back to the customer, until the next scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pos_client.till.state import TillState
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.labels import BigAmount, card, label
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr


class ChangeScreen(Screen):
    """Nothing has to be pressed: scanning or typing goes straight on with the next sale."""

    takes_scans = True

    def __init__(
        self, theme: Theme, wording: Wording, presenter: Presenter, type_on: Callable[[str], None]
    ) -> None:
        super().__init__(theme, wording, presenter)
        self._type_on = type_on
        self._title = label(kind="title")
        self._change = BigAmount(theme, size_px=120, tone="accent", at_end=False)
        self._facts = label(kind="soft", wraps=True)
        self.copy = KeyButton(theme, tr("Print again"), "F9", height_px=KEY_PX)
        self.copy.clicked.connect(self._copy)
        self.next = KeyButton(
            theme, tr("Next sale"), tr("Enter or scan"), look=Look.PRIMARY, size_px=23, height_px=KEY_PX
        )
        self.next.clicked.connect(self.enter)
        frame, column = card(margin_px=12)
        words = QVBoxLayout()
        words.setContentsMargins(40, 0, 40, 0)
        words.setSpacing(10)
        words.addStretch(2)
        words.addWidget(self._title)
        words.addWidget(self._change)
        words.addWidget(self._facts)
        words.addStretch(3)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.copy, 2)
        buttons.addStretch(2)
        buttons.addWidget(self.next, 5)
        column.addLayout(words, 1)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def show_state(self, state: TillState) -> None:
        done = state.done
        if done is None:
            return
        self._title.setText(tr("Change") if done.change_minor else tr("Paid exactly, no change"))
        self._change.show_text(
            self.wording.money(done.change_minor), "accent" if done.change_minor else "soft_ink"
        )
        self._change.setAccessibleName(f"{self._title.text()} {self._change.text()}")
        words = tr("{total} to pay · {received} received · receipt {number}")
        self._facts.setText(
            words.format(
                total=self.wording.money(done.total_minor),
                received=self.wording.money(done.received_minor),
                number=done.receipt_number,
            )
        )

    def home(self) -> QWidget:
        return self.next

    def key_actions(self) -> Sequence[Action]:
        return (Action(tr("Print again"), "F9", Qt.Key.Key_F9, self._copy),)

    def _copy(self) -> None:
        self.presenter.do(lambda till: till.reprint())

    def enter(self) -> None:
        self.presenter.do(lambda till: till.next_sale())

    def press(self, event: QKeyEvent) -> bool:
        control = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.text().isprintable() and event.text().strip() and not control:
            self.enter()
            self._type_on(event.text())
            return True
        return False
