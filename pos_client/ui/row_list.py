"""A list of things to choose from, by finger or by arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QScrollArea,
    QScroller,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from pos_client.ui.labels import label
from pos_client.ui.theme import SMALL_PX, TARGET_PX, TEXT_PX, Theme, font

_EDGE = 16


@dataclass(frozen=True)
class Row:
    """`end` stands at the far edge (an amount, a key); `colour` marks the near edge."""

    title: str
    small: str = ""
    end: str = ""
    colour: str = ""


class RowList(QScrollArea):
    """Emits `picked` with the index of the row."""

    picked = Signal(int)

    def __init__(self, theme: Theme, *, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._empty = empty
        self._rows: list[RowButton] = []
        self._current = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)

    def show_rows(self, rows: Sequence[Row], current: int = 0) -> None:
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._rows = []
        for index, row in enumerate(rows):
            button = RowButton(self._theme, row)
            button.clicked.connect(lambda _checked=False, index=index: self.picked.emit(index))
            self._rows.append(button)
            column.addWidget(button)
        if not rows:
            empty = label(self._empty, "soft", wraps=True)
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            empty.setMinimumHeight(120)
            column.addWidget(empty)
        column.addStretch(1)
        self.setWidget(inside)
        self._mark(current)

    def current(self) -> int | None:
        return self._current if self._rows else None

    def step(self, step: int) -> None:
        if self._rows:
            self._mark(max(0, min(len(self._rows) - 1, self._current + step)))
            self.ensureWidgetVisible(self._rows[self._current], 0, 8)

    def _mark(self, current: int) -> None:
        self._current = current
        for index, row in enumerate(self._rows):
            row.setChecked(index == current)


class RowButton(QAbstractButton):
    """One row; its title wraps rather than being cut."""

    def __init__(self, theme: Theme, row: Row) -> None:
        super().__init__()
        self._theme = theme
        self._row = row
        self.setCheckable(True)
        self.setText(row.title)
        self.setAccessibleName(", ".join(part for part in (row.title, row.small, row.end) if part))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def nextCheckState(self) -> None:
        """A click picks; only arrow keys move the mark."""

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        title, small = self._text_boxes(width)
        return max(TARGET_PX + 8, title.height() + small.height() + 20)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(240, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, TARGET_PX + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        t = self._theme.tokens
        if self.isDown() or self.isChecked():
            painter.fillRect(self.rect(), QColor(t.key_down if self.isDown() else t.tint))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(t.hairline))
        edge = t.accent if self.isChecked() else self._row.colour
        if edge:
            painter.fillRect(self._placed(QRect(0, 0, 4, self.height() - 1)), QColor(edge))
        start = Qt.AlignmentFlag.AlignLeading | Qt.TextFlag.TextWordWrap
        title, small = self._text_boxes(self.width())
        top = (self.height() - title.height() - small.height()) // 2
        painter.setFont(_TITLE)
        painter.setPen(QColor(t.ink))
        painter.drawText(self._placed(title.translated(0, top)), start, self._row.title)
        painter.setFont(_STRONG)
        end = QRect(_EDGE, 0, self.width() - 2 * _EDGE, self.height())
        painter.drawText(end, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter, self._row.end)
        painter.setFont(_SMALL)
        painter.setPen(QColor(t.soft_ink))
        painter.drawText(self._placed(small.translated(0, top)), start, self._row.small)

    def _text_boxes(self, width: int) -> tuple[QRect, QRect]:
        end = QFontMetrics(_STRONG).horizontalAdvance(self._row.end) + 16 if self._row.end else 0
        room = max(80, width - 2 * _EDGE - end)
        title = _box(_TITLE, self._row.title, room)
        small = _box(_SMALL, self._row.small, room) if self._row.small else QRect()
        return title.translated(_EDGE, 0), QRect(_EDGE, title.height(), room, small.height())

    def _placed(self, box: QRect) -> QRect:
        return QStyle.visualRect(self.layoutDirection(), self.rect(), box)


_TITLE = font(TEXT_PX)
_STRONG = font(TEXT_PX, bold=True)
_SMALL = font(SMALL_PX)


def _box(face: QFont, text: str, room: int) -> QRect:
    wrapped = int(Qt.TextFlag.TextWordWrap)
    height = QFontMetrics(face).boundingRect(QRect(0, 0, room, 10_000), wrapped, text).height()
    return QRect(0, 0, room, height)
