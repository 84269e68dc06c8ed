"""The blind count: pieces by note and coin. What should be there is nowhere on this screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from pos_client.till.state import CountView, TillState
from pos_client.ui.actions import Action
from pos_client.ui.amount_entry import BACKSPACE
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.keypad import Keypad
from pos_client.ui.labels import BigAmount, card, label, rule
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, MARGIN_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.money import DENOMINATIONS

_ROWS_IN_ONE_COLUMN = 8
_MOST_FIGURES = 5


class CountScreen(Screen):
    """Enter and the arrows go from field to field; nothing is lost by going back."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        self._currency = ""
        self.fields: dict[int, QLineEdit] = {}
        self._amounts: dict[int, QLabel] = {}
        self._shift = label(kind="small", at_end=True)
        self._counted = BigAmount(theme, size_px=48)
        self._words = label(kind="small", wraps=True)
        self._table = QVBoxLayout()
        self.later = KeyButton(theme, tr("Save, count later"), "F8", height_px=KEY_PX)
        self.later.clicked.connect(self._save)
        self.confirm = KeyButton(
            theme, tr("Confirm count"), "F12", look=Look.PRIMARY, size_px=20, height_px=KEY_PX
        )
        self.confirm.clicked.connect(self._confirm)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN_PX)
        row.addWidget(self._table_card(), 95)
        row.addWidget(self._side_card(), 38)

    def show_state(self, state: TillState) -> None:
        if state.count is None:
            return
        if state.currency != self._currency:
            self._currency = state.currency
            self._build(DENOMINATIONS[state.currency])
        self._show_pieces(state.count)
        self._counted.show_text(self.wording.money(state.count.counted_minor))
        self._words.setText(self._explanation(state.count))
        if state.shift is not None:
            self._shift.setText(
                tr("Shift {number} · {name} · since {time} · {day}").format(
                    number=state.shift.number,
                    name=state.shift.operator_name,
                    time=self.wording.time_of_day(state.shift.opened_at),
                    day=self.wording.day(state.shift.business_date),
                )
            )

    def home(self) -> QWidget:
        focused = QApplication.focusWidget()
        if isinstance(focused, QLineEdit) and focused in self.fields.values():
            return focused
        return next(iter(self.fields.values()), self)

    def entered(self) -> None:
        first = next(iter(self.fields.values()), None)
        if first is not None:
            first.setFocus()

    def key_actions(self) -> Sequence[Action]:
        return (
            Action(tr("Confirm count"), "F12", Qt.Key.Key_F12, self._confirm),
            Action(tr("Save, count later"), "F8", Qt.Key.Key_F8, self._save),
        )

    def enter(self) -> None:
        self._step(1)

    def press(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._step(step)
        return bool(step)

    def _step(self, step: int) -> None:
        order = list(self.fields.values())
        focused = self.home()
        at = order.index(focused) + step if focused in order else 0
        if 0 <= at < len(order):
            order[at].setFocus()
            order[at].selectAll()

    def _type(self, key: str) -> None:
        """The number keys type into the field that has the focus."""
        field = self.home()
        if not isinstance(field, QLineEdit):
            return
        before = "" if field.hasSelectedText() else field.text()
        text = before[:-1] if key == BACKSPACE else (before + key)[:_MOST_FIGURES]
        field.setText(text)
        self._count(field)

    def _count(self, field: QLineEdit) -> None:
        denomination_minor = next(value for value, one in self.fields.items() if one is field)
        pieces = int(field.text() or "0")
        self.presenter.do(lambda till: till.count(denomination_minor, pieces))

    def _save(self) -> None:
        self.presenter.do(lambda till: till.save_count())

    def _confirm(self) -> None:
        self.presenter.do(lambda till: till.confirm_count())

    def _show_pieces(self, count: CountView) -> None:
        piles = {pile.denomination_minor: pile.pieces for pile in count.pieces}
        for value, field in self.fields.items():
            pieces = piles.get(value, 0)
            if int(field.text() or "0") != pieces:
                field.setText(str(pieces) if pieces else "")
            self._amounts[value].setText(self.wording.amount(pieces * value) if pieces else "–")

    def _explanation(self, count: CountView) -> str:
        words = [
            tr("What the drawer should hold is shown after you confirm."),
            tr("The float of {amount} is part of it.").format(amount=self.wording.amount(count.float_minor)),
        ]
        if count.unsent_sales:
            unsent = tr("{count} entries are not yet at head office; they belong to this shift all the same.")
            words.append(unsent.format(count=count.unsent_sales))
        return " ".join(words)

    def _table_card(self) -> QFrame:
        frame, column = card(margin_px=1)
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 10)
        head.addWidget(label(tr("Count the drawer"), "title"))
        head.addStretch(1)
        head.addWidget(self._shift)
        column.addLayout(head)
        column.addWidget(rule())
        column.addLayout(self._table)
        column.addStretch(1)
        self._words.setContentsMargins(16, 0, 16, 12)
        column.addWidget(self._words)
        return frame

    def _side_card(self) -> QFrame:
        frame, column = card(margin_px=14, spacing_px=8)
        pad = Keypad(self.theme)
        pad.pressed.connect(self._type)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self.later, 4)
        buttons.addWidget(self.confirm, 6)
        column.addWidget(label(tr("Counted so far"), "small"))
        column.addWidget(self._counted)
        column.addStretch(1)
        column.addWidget(pad)
        column.addLayout(buttons)
        return frame

    def _build(self, denominations: Sequence[int]) -> None:
        """One column where it fits, two where there are many notes and coins."""
        while (item := self._table.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.fields, self._amounts = {}, {}
        columns = 1 if len(denominations) <= _ROWS_IN_ONE_COLUMN else 2
        rows = -(-len(denominations) // columns)
        holder = QWidget()
        side_by_side = QHBoxLayout(holder)
        side_by_side.setContentsMargins(0, 0, 0, 0)
        side_by_side.setSpacing(0)
        for start in range(0, len(denominations), rows):
            side_by_side.addWidget(self._column(denominations[start : start + rows], rows), 1)
        self._table.addWidget(holder)

    def _column(self, denominations: Sequence[int], rows: int) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(16, 4, 24, 4)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(2, 3)
        for at, title in enumerate((tr("Note or coin"), tr("Pieces"), tr("Amount"))):
            grid.addWidget(label(title, "small", at_end=at > 0), 0, at)
        grid.addWidget(rule(), 1, 0, 1, 3)
        for row in range(2, 2 * rows + 2, 2):
            grid.setRowMinimumHeight(row, TARGET_PX + GAP_PX - 1)
        for row, value in enumerate(denominations, 1):
            self.fields[value], self._amounts[value] = self._field(value), label(at_end=True)
            grid.addWidget(label(self.wording.denomination(value)), 2 * row, 0)
            grid.addWidget(self.fields[value], 2 * row, 1)
            grid.addWidget(self._amounts[value], 2 * row, 2)
            grid.addWidget(rule(), 2 * row + 1, 0, 1, 3)
        grid.setRowStretch(2 * rows + 2, 1)
        return holder

    def _field(self, value: int) -> QLineEdit:
        field = QLineEdit()
        field.setProperty("kind", "pieces")
        field.setFixedSize(96, TARGET_PX)
        field.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        field.setValidator(
            QRegularExpressionValidator(QRegularExpression(f"[0-9]{{0,{_MOST_FIGURES}}}"), field)
        )
        field.setAccessibleName(tr("Pieces of {value}").format(value=self.wording.denomination(value)))
        field.textEdited.connect(lambda _text: self._count(field))
        return field
