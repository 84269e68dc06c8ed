"""What every screen of the till is: it shows a state, takes keys, and says where the focus belongs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from pos_client.till.state import TillState
from pos_client.ui.actions import Action
from pos_client.ui.presenter import Presenter
from pos_client.ui.theme import Theme
from pos_client.ui.wording import Wording


class Screen(QWidget):
    """`takes_scans` says that a scan here goes to the ticket."""

    takes_scans = False

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__()
        self.theme = theme
        self.wording = wording
        self.presenter = presenter

    def show_state(self, state: TillState) -> None:
        raise NotImplementedError

    def home(self) -> QWidget:
        """Where the focus goes when nothing else has it."""
        return self

    def key_actions(self) -> Sequence[Action]:
        """What keys do on this screen, Enter aside."""
        return ()

    def enter(self) -> None:
        """The next step: what the widest button does."""

    def press(self, event: QKeyEvent) -> bool:
        """A key that is no action: True when it was used up."""
        return False

    def entered(self) -> None:
        """The screen has just come up."""
