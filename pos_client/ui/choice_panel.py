"""A panel with things to choose from: parked tickets, receipts, the shift menu, every key there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from pos_client.ui.buttons import KeyButton
from pos_client.ui.panel import Panel
from pos_client.ui.row_list import Row, RowList
from pos_client.ui.theme import KEY_PX, Theme
from pos_client.ui.wording import tr

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -6, Qt.Key.Key_PageDown: 6}


class ChoicePanel(Panel):
    """`chosen` gets the index of the row. Figures 1 to 9 choose a row where `numbered`."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        rows: Sequence[Row],
        chosen: Callable[[int], object],
        *,
        empty: str = "",
        numbered: bool = False,
        width_px: int = 560,
    ) -> None:
        super().__init__(title, width_px=width_px)
        self._chosen = chosen
        self._count = len(rows)
        self._numbered = numbered
        self.rows = RowList(theme, empty=empty)
        self.rows.show_rows(rows)
        self.rows.setMinimumHeight(min(420, max(140, 57 * len(rows))))
        self.rows.picked.connect(self._pick)
        self.column.addWidget(self.rows)
        away = KeyButton(theme, tr("Back"), tr("Esc"), height_px=KEY_PX, size_px=17)
        away.clicked.connect(self.escape)
        self.column.addWidget(away)

    def enter(self) -> None:
        current = self.rows.current()
        if current is not None:
            self._pick(current)

    def press(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()), 0)
        if step:
            self.rows.step(step)
            return True
        text = event.text()
        if self._numbered and text.isascii() and text.isdigit() and 0 < int(text) <= self._count:
            self._pick(int(text) - 1)
            return True
        return False

    def _pick(self, index: int) -> None:
        self.closes()
        self._chosen(index)
