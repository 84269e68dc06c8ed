"""The ticket: lines painted by hand, and only those that changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import cast

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScroller, QSizePolicy, QWidget

from pos_client.till.state import LineView
from pos_client.ui.theme import Theme, font
from pos_client.ui.ticket_row import TicketRow
from pos_client.ui.wording import Wording, tr

_THUMB_PX = 4


class TicketView(QAbstractScrollArea):
    """Shows lines and keeps the touched one in sight. Emits `chosen` with the index of a line that was touched."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wording = wording
        self._rows: list[TicketRow] = []
        self._tops: list[int] = [0]
        self._selected: int | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Painting Qt's own scroll bar costs more than painting the line. Ours stands beside the viewport: pixels
        # can't be moved below a widget that lies over them.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._thumb = _Thumb(theme, self)
        self.setViewportMargins(0, 0, _THUMB_PX + 2, 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # The viewport paints every pixel itself, so scrolling moves pixels and repaints only what came into sight.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setAutoFillBackground(False)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        theme.changed.connect(self.viewport().update)
        self.setAccessibleName(tr("Ticket, empty"))

    def show_lines(self, lines: Sequence[LineView], selected: int | None) -> None:
        """Lay out what is new; everything that stays the same is neither measured nor painted again."""
        before, old_selected = self._rows, self._selected
        changed: list[int] = []
        rows: list[TicketRow] = []
        for index, line in enumerate(lines):
            known = before[index] if index < len(before) else None
            if known is not None and (known.line is line or known.line == line):
                rows.append(known)
            else:
                rows.append(self._lay_out(line))
                changed.append(index)
        self._rows, self._selected = rows, selected
        moved = self._stack(before, changed)
        self._fit_scroll_bar()
        self._keep_in_sight(selected)
        self._repaint(changed, moved, old_selected)
        self._tell(changed, selected != old_selected)

    def row_rect(self, index: int) -> QRect:
        """Where the line is on the viewport now."""
        top = self._tops[index] - self.verticalScrollBar().value()
        return QRect(0, top, self.viewport().width(), self._rows[index].height)

    def spoken(self, index: int) -> str:
        return self._rows[index].spoken

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        for rect in cast(Iterable[QRect], event.region()):
            self._paint(painter, rect)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left = 1 if self.isRightToLeft() else self.width() - _THUMB_PX - 1
        self._thumb.setGeometry(left, 0, _THUMB_PX, self.height())
        if event.size().width() != event.oldSize().width():
            self._lay_out_all()
        self._fit_scroll_bar()
        self._keep_in_sight(self._selected)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._lay_out_all()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(int(event.position().y()))
        if index is not None:
            self.chosen.emit(index)

    def sizeHint(self) -> QSize:
        return QSize(400, 240)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)
        self._show_place()

    def _lay_out(self, line: LineView) -> TicketRow:
        return TicketRow(line, self._wording, self.viewport().width(), self.isRightToLeft())

    def _lay_out_all(self) -> None:
        self._rows = [self._lay_out(row.line) for row in self._rows]
        self._stack([], list(range(len(self._rows))))
        self.viewport().update()

    def _paint(self, painter: QPainter, rect: QRect) -> None:
        offset = self.verticalScrollBar().value()
        painter.setClipRect(rect)
        painter.fillRect(rect, self._theme.colour("panel"))
        index = max(0, bisect_right(self._tops, rect.top() + offset) - 1)
        while index < len(self._rows) and self._tops[index] - offset <= rect.bottom():
            self._rows[index].paint(
                painter,
                self.row_rect(index),
                self._theme.tokens,
                index == self._selected,
                self.isRightToLeft(),
            )
            index += 1
        if not self._rows:
            painter.setFont(font(16))
            painter.setPen(self._theme.colour("soft_ink"))
            words = tr("Scan the first article, or touch it on the right.")
            box = self.viewport().rect().adjusted(48, 0, -48, 0)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    def _stack(self, before: list[TicketRow], changed: list[int]) -> int:
        """Work out where each row begins; returns the first index whose place has changed."""
        moved = len(self._rows)
        for index in changed:
            if index >= len(before) or before[index].height != self._rows[index].height:
                moved = index
                break
        moved = min(moved, len(before)) if len(before) != len(self._rows) else moved
        del self._tops[moved + 1 :]
        for row in self._rows[moved:]:
            self._tops.append(self._tops[-1] + row.height)
        return moved

    def _fit_scroll_bar(self) -> None:
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(40)
        bar.setRange(0, max(0, self._tops[-1] - height))

        self._show_place()

    def _show_place(self) -> None:
        bar = self.verticalScrollBar()
        self._thumb.show_place(bar.value(), bar.pageStep(), bar.maximum() + bar.pageStep())

    def _keep_in_sight(self, index: int | None) -> None:
        if index is None or index >= len(self._rows):
            return
        bar = self.verticalScrollBar()
        lowest = self._tops[index + 1] - self.viewport().height()
        bar.setValue(max(lowest, min(bar.value(), self._tops[index])))

    def _repaint(self, changed: list[int], moved: int, old_selected: int | None) -> None:
        viewport = self.viewport()
        for index in {*changed, old_selected, self._selected} - {None}:
            if index is not None and index < moved and index < len(self._rows):
                viewport.update(self.row_rect(index))
        if moved >= len(self._rows):
            top = self._tops[-1] - self.verticalScrollBar().value()
        else:
            top = self._tops[moved] - self.verticalScrollBar().value()
            if self._appended_only(changed, moved) and moved:
                bottom = self._tops[-1] - self.verticalScrollBar().value()
                viewport.update(QRect(0, top, viewport.width(), bottom - top))
                return
        viewport.update(QRect(0, max(0, top), viewport.width(), viewport.height() - max(0, top)))

    def _appended_only(self, changed: list[int], moved: int) -> bool:
        return changed[-(len(self._rows) - moved) :] == list(range(moved, len(self._rows)))

    def _tell(self, changed: list[int], selection_moved: bool) -> None:
        count = len(self._rows)
        self.setAccessibleName(
            tr("Ticket, {count} lines").format(count=count) if count else tr("Ticket, empty")
        )
        index = self._selected
        if index is None or index >= count or not (changed or selection_moved):
            return
        self.setAccessibleDescription(self._rows[index].spoken)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._rows[index].spoken))

    def _index_at(self, y: int) -> int | None:
        index = bisect_right(self._tops, y + self.verticalScrollBar().value()) - 1
        return index if 0 <= index < len(self._rows) else None


class _Thumb(QWidget):
    """Where in a long ticket one is; it takes no clicks, the ticket itself is dragged."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bar = QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_place(self, value: int, page: int, whole: int) -> None:
        self.setVisible(whole > page > 0)
        if self.isVisible():
            length = max(24, self.height() * page // whole)
            room = self.height() - length
            self._bar = QRect(0, room * value // max(1, whole - page), _THUMB_PX, length)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self._bar, self._theme.colour("soft_ink"))
