"""What a key does: an action with its name, the key that starts it, and what is then run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent

CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True)
class Action:
    """`hint` is the key as its cap is labelled; `in_foot` puts it among the keys at the foot of the window."""

    text: str
    hint: str
    key: Qt.Key
    run: Callable[[], object]
    modifiers: Qt.KeyboardModifier = NONE
    in_foot: bool = False

    def fits(self, event: QKeyEvent) -> bool:
        keypad = Qt.KeyboardModifier.KeypadModifier
        pressed = QKeyCombination(event.modifiers() & ~keypad, Qt.Key(event.key()))
        return pressed == QKeyCombination(self.modifiers, self.key)


def find(actions: Sequence[Action], event: QKeyEvent) -> Action | None:
    return next((action for action in actions if action.fits(event)), None)


def is_enter(event: QKeyEvent) -> bool:
    """Enter on either block; some scanners end with a line feed instead."""
    return (event.key() in _ENTER or event.text() == "\n") and not event.modifiers() & CTRL
