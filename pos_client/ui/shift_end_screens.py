"""The end of a shift: the count against what should be there, and the Z report."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pos_client.till.state import TillState
from pos_client.ui import report_rows
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.labels import BigAmount, card, label
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.cash import ShiftClosed


class CountedScreen(Screen):
    """Expected, counted, over or short; closing, or counting again."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._verdict = label(kind="title")
        self._off = BigAmount(theme, size_px=84, at_end=False)
        self._words = label(kind="soft", wraps=True)
        self._counted, self._expected = label(kind="large", at_end=True), label(kind="large", at_end=True)
        self.again = KeyButton(theme, tr("Count again"), tr("Esc"), height_px=KEY_PX, size_px=17)
        self.again.clicked.connect(self._again)
        self.close_shift = KeyButton(
            theme, tr("Close the shift"), tr("Enter"), look=Look.PRIMARY, size_px=21, height_px=KEY_PX
        )
        self.close_shift.clicked.connect(self._close)
        frame, column = card(margin_px=24, spacing_px=14)
        frame.setFixedWidth(720)
        column.addWidget(self._verdict)
        column.addWidget(self._off)
        column.addWidget(self._words)
        for name, value in ((tr("Counted"), self._counted), (tr("Should hold"), self._expected)):
            row = QHBoxLayout()
            row.addWidget(label(name, "soft"))
            row.addStretch(1)
            row.addWidget(value)
            column.addLayout(row)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.again, 2)
        buttons.addWidget(self.close_shift, 3)
        column.addSpacing(12)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.addWidget(frame, 0, Qt.AlignmentFlag.AlignCenter)

    def show_state(self, state: TillState) -> None:
        count = state.count
        if count is None or count.expected_minor is None or count.over_short_minor is None:
            return
        off = count.over_short_minor
        self._verdict.setText(verdict(off))
        self._off.show_text(self.wording.money(off, sign=True), "accent" if not off else "warning")
        self._counted.setText(self.wording.money(count.counted_minor))
        self._expected.setText(self.wording.money(count.expected_minor))
        approval = tr(
            "That is more than this store allows without a manager. Count again, or close with a manager's PIN."
        )
        self._words.setText(
            approval if count.needs_approval else tr("Closing prints the Z report and can't be undone.")
        )

    def key_actions(self) -> Sequence[Action]:
        return (Action(tr("Count again"), tr("Esc"), Qt.Key.Key_Escape, self._again),)

    def home(self) -> QWidget:
        return self.close_shift

    def enter(self) -> None:
        """Not the key that confirmed the count: pressed twice, it must not close the shift."""
        self._close()

    def _again(self) -> None:
        self.presenter.do(lambda till: till.recount())

    def _close(self) -> None:
        self.presenter.do(lambda till: till.close_shift())


class ClosedScreen(Screen):
    """The Z report as it was sealed."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._title, self._facts = label(kind="title"), label(kind="small", at_end=True)
        self._body = QHBoxLayout()
        self._body.setSpacing(48)
        self.leave = KeyButton(theme, tr("Log out"), tr("Esc"), height_px=KEY_PX, size_px=17)
        self.leave.clicked.connect(self._leave)
        self.done = KeyButton(theme, tr("Done"), tr("Enter"), look=Look.PRIMARY, size_px=21, height_px=KEY_PX)
        self.done.clicked.connect(self.enter)
        frame, column = card(margin_px=24, spacing_px=14)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.leave, 2)
        buttons.addStretch(3)
        buttons.addWidget(self.done, 4)
        column.addLayout(head)
        column.addLayout(self._body, 1)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def show_state(self, state: TillState) -> None:
        closed = state.z_report
        if closed is None:
            return
        self._title.setText(tr("Z report {number}: the shift is closed").format(number=closed.number))
        self._facts.setText(
            f"{closed.operator_name} · {self.wording.day(closed.business_date)} · {closed.till_id}"
        )
        while (item := self._body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._body.addWidget(report_rows.figures(report_rows.takings(closed.totals, self.wording)), 1)
        self._body.addWidget(self._drawer(closed), 1)

    def key_actions(self) -> Sequence[Action]:
        return (Action(tr("Log out"), tr("Esc"), Qt.Key.Key_Escape, self._leave),)

    def home(self) -> QWidget:
        return self.done

    def enter(self) -> None:
        self.presenter.do(lambda till: till.dismiss_report())

    def _leave(self) -> None:
        self.presenter.do(lambda till: till.log_out())

    def _drawer(self, closed: ShiftClosed) -> QWidget:
        rows = report_rows.drawer(closed.totals, self.wording, expected=True)
        at = next(index for index, row in enumerate(rows) if row[0] == tr("To look at"))
        off = self.wording.money(closed.over_short_minor, sign=True)
        rows[at:at] = [
            (tr("Counted"), self.wording.money(closed.counted_minor)),
            (verdict(closed.over_short_minor), off),
        ]
        rows.append((tr("Not yet at head office"), str(closed.unsent)))
        return report_rows.figures(rows)


def verdict(over_short_minor: int) -> str:
    if over_short_minor == 0:
        return tr("The drawer is right")
    return tr("The drawer is over") if over_short_minor > 0 else tr("The drawer is short")
