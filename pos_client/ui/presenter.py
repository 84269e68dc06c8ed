"""The presenter: every action of the operator goes through it to the till, and every new state comes out of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from pos_client.till.intents import Till
from pos_client.till.state import Severity, TillState


class Presenter(QObject):
    """`state_changed` carries the state after each action; `told` a sentence that the screens have to say."""

    state_changed = Signal(object)
    told = Signal(object, str)

    def __init__(self, till: Till, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.till = till

    @property
    def state(self) -> TillState:
        return self.till.state

    def do(self, action: Callable[[Till], TillState]) -> TillState:
        """Run one action and show what came of it."""
        state = action(self.till)
        self.state_changed.emit(state)
        return state

    def tell(self, severity: Severity, text: str) -> None:
        self.told.emit(severity, text)
