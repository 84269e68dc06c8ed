"""The X report: the shift so far, to look at and to print. It closes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pos_client.ui import report_rows
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.panel import Panel
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.cash import ShiftTotals


class ReportPanel(Panel):
    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        totals: ShiftTotals,
        print_it: Callable[[], object],
        put_away: Callable[[], object],
    ) -> None:
        super().__init__(tr("X report, shift {number} so far").format(number=totals.number), width_px=860)
        self._put_away = put_away
        self._print = print_it
        body = QHBoxLayout()
        body.setSpacing(36)
        body.addWidget(report_rows.figures(report_rows.takings(totals, wording)), 1)
        body.addWidget(report_rows.figures(report_rows.drawer(totals, wording, expected=False)), 1)
        self.column.addLayout(body)
        printing = KeyButton(theme, tr("Print"), "F9", height_px=KEY_PX, size_px=17)
        printing.clicked.connect(lambda: print_it())
        away = self._away = KeyButton(
            theme, tr("Back to the sale"), tr("Esc or Enter"), look=Look.PRIMARY, height_px=KEY_PX, size_px=19
        )
        away.clicked.connect(self.escape)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(printing, 2)
        buttons.addWidget(away, 3)
        self.column.addLayout(buttons)

    def home(self) -> QWidget:
        return self._away

    def key_actions(self) -> Sequence[Action]:
        return (Action(tr("Print"), "F9", Qt.Key.Key_F9, self._print),)

    def enter(self) -> None:
        self.escape()

    def escape(self) -> None:
        self.closes()
        self._put_away()
