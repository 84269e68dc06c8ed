"""Which keys type figures, whatever has the focus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from pos_client.ui.amount_entry import BACKSPACE, SIGNS


def figure_of(event: QKeyEvent) -> str:
    """A figure, a decimal sign or BACKSPACE; empty for any other key."""
    if event.key() == Qt.Key.Key_Backspace:
        return BACKSPACE
    text = event.text()
    if len(text) == 1 and (text in SIGNS or (text.isascii() and text.isdigit())):
        return text
    return ""
