"""Number keys for fingers: ten figures, a double nought or the decimal sign, and a way back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from pos_client.ui.amount_entry import BACKSPACE
from pos_client.ui.buttons import KeyButton
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import tr

DOUBLE_NOUGHT = "00"


class Keypad(QWidget):
    """Emits `pressed` with a figure, the corner key's text, or BACKSPACE."""

    pressed = Signal(str)

    def __init__(
        self,
        theme: Theme,
        *,
        corner: str = DOUBLE_NOUGHT,
        key_px: int = KEY_PX,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        # Number keys keep their places in every language.
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        rows = (("7", "8", "9"), ("4", "5", "6"), ("1", "2", "3"), (corner, "0", BACKSPACE))
        for row, keys in enumerate(rows):
            for column, key in enumerate(keys):
                if key:
                    grid.addWidget(self._key(theme, key, key_px), row, column)

    def _key(self, theme: Theme, key: str, key_px: int) -> KeyButton:
        button = KeyButton(theme, "⌫" if key == BACKSPACE else key, size_px=25, height_px=key_px)
        if key == BACKSPACE:
            button.setAccessibleName(tr("Backspace"))
            button.setAutoRepeat(True)
        button.setMinimumWidth(KEY_PX)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        button.clicked.connect(lambda: self.pressed.emit(key))
        return button
