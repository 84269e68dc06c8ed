"""What goes on at the card terminal, over the keys of a payment or a refund, and what the cashier may do meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from pos_client.till.state import CardView
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.labels import label
from pos_client.ui.presenter import Presenter
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr


class CardStrip(QFrame):
    """Hidden while no card pays."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__()
        self._wording = wording
        self._presenter = presenter
        self._gives_back = False
        self.says = label(kind="strong", wraps=True)
        self.cancel = KeyButton(theme, tr("Cancel at the terminal"), tr("Esc"), height_px=KEY_PX)
        self.cancel.clicked.connect(self._cancel)
        self.was_paid = KeyButton(theme, tr("It was paid"), "F2", height_px=KEY_PX)
        self.was_paid.clicked.connect(lambda: self._decide(paid=True))
        self.was_not_paid = KeyButton(theme, tr("It was not paid"), "F3", look=Look.DANGER, height_px=KEY_PX)
        self.was_not_paid.clicked.connect(lambda: self._decide(paid=False))
        keys = QHBoxLayout()
        keys.setSpacing(GAP_PX)
        for button in (self.cancel, self.was_paid, self.was_not_paid):
            keys.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.says)
        column.addLayout(keys)
        self.show_card(None)

    def show_card(self, card: CardView | None) -> None:
        self.setVisible(card is not None)
        self.cancel.setVisible(card is not None and card.can_cancel)
        for button in (self.was_paid, self.was_not_paid):
            button.setVisible(card is not None and card.can_decide)
        self._gives_back = card is not None and card.gives_back
        self.was_paid.show_text(self._yes())
        self.was_not_paid.show_text(self._no())
        text = self._wording.words(card.words) if card is not None else ""
        if text != self.says.text():
            self.says.setText(text)

    def key_actions(self) -> Sequence[Action]:
        """All keys of the screen while the terminal is at work: the others wait."""
        if not self.cancel.isHidden():
            return (Action(tr("Cancel at the terminal"), tr("Esc"), Qt.Key.Key_Escape, self._cancel),)
        if self.was_paid.isHidden():
            return ()
        return (
            Action(self._yes(), "F2", Qt.Key.Key_F2, lambda: self._decide(paid=True)),
            Action(self._no(), "F3", Qt.Key.Key_F3, lambda: self._decide(paid=False)),
        )

    def _yes(self) -> str:
        return tr("It went back") if self._gives_back else tr("It was paid")

    def _no(self) -> str:
        return tr("It did not go back") if self._gives_back else tr("It was not paid")

    def _cancel(self) -> None:
        self._presenter.do(lambda till: till.cancel_card())

    def _decide(self, *, paid: bool) -> None:
        self._presenter.do(lambda till: till.card_was_paid(paid=paid))
