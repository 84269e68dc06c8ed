"""One line of the ticket, laid out once and painted often."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QStaticText, QTextOption, QTransform
from PySide6.QtWidgets import QStyle

from pos_client.till.state import LineView
from pos_client.ui.theme import SMALL_PX, TEXT_PX, Tokens, font
from pos_client.ui.wording import Wording

_EDGE = 16
_END = 10
_QUANTITY = 54
_PRICE = 74
_AMOUNT = 88
_GAP = 10
_PAD = 9
_STRIPE = 4

_TEXT = font(TEXT_PX)
_STRONG = font(TEXT_PX, bold=True)
_SMALL = font(SMALL_PX)


class TicketRow:
    """A line's texts, wrapped to a width. Nothing is cut: the row grows until all of it is there."""

    __slots__ = ("_cells", "height", "line", "spoken")

    def __init__(self, line: LineView, wording: Wording, width: int, right_to_left: bool = False) -> None:
        self.line = line
        quantity = wording.quantity(line.quantity_milli, line.unit)
        price, amount = wording.amount(line.unit_price_minor), wording.amount(line.amount_minor)
        small = " · ".join(wording.words(words) for words in line.small_print)
        self.spoken = f"{quantity} {line.name}, {amount}" + (f", {small}" if small else "")
        name_left = _EDGE + _QUANTITY + _GAP
        # Long amounts take what they need from the name, which can wrap.
        price_width = max(_PRICE, QFontMetrics(_TEXT).horizontalAdvance(price) + _GAP)
        amount_width = max(_AMOUNT, QFontMetrics(_STRONG).horizontalAdvance(amount) + 2 * _GAP)
        amount_left = width - _END - amount_width
        price_left = amount_left - price_width
        name_width = max(80, price_left - name_left - _GAP)
        start = Qt.AlignmentFlag.AlignRight if right_to_left else Qt.AlignmentFlag.AlignLeft
        end = Qt.AlignmentFlag.AlignLeft if right_to_left else Qt.AlignmentFlag.AlignRight
        name_text = _static(line.name, _TEXT, name_width, start)
        name_height = int(name_text.size().height())
        # Below the name there is room as far as the amounts.
        small_width = name_width + price_width
        small_text = _static(small, _SMALL, small_width, start)
        quantity_text = _static(quantity, _TEXT, _QUANTITY, end)
        small_height = int(small_text.size().height()) if small else 0
        inside = max(name_height + small_height + (2 if small else 0), int(quantity_text.size().height()))
        self.height = inside + 2 * _PAD + 1
        # text, font, soft, rectangle in a row that reads from left to right
        self._cells = (
            (quantity_text, _TEXT, True, QRect(_EDGE, _PAD, _QUANTITY, inside)),
            (name_text, _TEXT, False, QRect(name_left, _PAD, name_width, name_height)),
            (small_text, _SMALL, True, QRect(name_left, _PAD + name_height + 2, small_width, small_height)),
            (
                _static(price, _TEXT, price_width, end),
                _TEXT,
                False,
                QRect(price_left, _PAD, price_width, inside),
            ),
            (
                _static(amount, _STRONG, amount_width, end),
                _STRONG,
                False,
                QRect(amount_left, _PAD, amount_width, inside),
            ),
        )

    def paint(
        self, painter: QPainter, rect: QRect, tokens: Tokens, selected: bool, right_to_left: bool
    ) -> None:
        if selected:
            painter.fillRect(rect, QColor(tokens.tint))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(tokens.hairline))
        direction = Qt.LayoutDirection.RightToLeft if right_to_left else Qt.LayoutDirection.LeftToRight
        whole = QRect(QPoint(0, 0), rect.size())
        if selected:
            stripe = QStyle.visualRect(direction, whole, QRect(0, 0, _STRIPE, rect.height()))
            painter.fillRect(stripe.translated(rect.topLeft()), QColor(tokens.accent))
        for text, face, soft, cell in self._cells:
            painter.setFont(face)
            painter.setPen(QColor(tokens.soft_ink if soft else tokens.ink))
            place = QStyle.visualRect(direction, whole, cell).translated(rect.topLeft())
            painter.drawStaticText(place.topLeft(), text)


def _static(text: str, face: QFont, width: int, alignment: Qt.AlignmentFlag) -> QStaticText:
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    option = QTextOption(alignment | Qt.AlignmentFlag.AlignAbsolute)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    made.setTextOption(option)
    made.setTextWidth(width)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), face)
    return made
