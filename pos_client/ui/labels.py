"""Text and boxes on a screen: labels by kind, cards, hairlines, and the large amount that never gets cut."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pos_client.ui.theme import AMOUNT_PX, MARGIN_PX, Theme, font


def label(text: str = "", kind: str = "", *, wraps: bool = False, at_end: bool = False) -> QLabel:
    """A label whose look the stylesheet finds by `kind`. Its text is never taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wraps)
    if at_end:
        made.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
    return made


def card(margin_px: int = MARGIN_PX, spacing_px: int = 0) -> tuple[QFrame, QVBoxLayout]:
    frame = QFrame()
    frame.setProperty("kind", "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(margin_px, margin_px, margin_px, margin_px)
    column.setSpacing(spacing_px)
    return frame, column


def rule() -> QFrame:
    made = QFrame()
    made.setProperty("kind", "rule")
    made.setFixedHeight(1)
    return made


def entry_line() -> QFrame:
    """Under what is being typed where no field has the focus: that is where keys go."""
    made = QFrame()
    made.setProperty("kind", "entry")
    made.setFixedHeight(2)
    return made


class BigAmount(QWidget):
    """An amount to be read across the counter. It shrinks before it loses a figure."""

    def __init__(
        self, theme: Theme, *, size_px: int = AMOUNT_PX, tone: str = "ink", at_end: bool = True
    ) -> None:
        super().__init__()
        self._theme = theme
        self._size_px = size_px
        self._tone = tone
        self._at_end = at_end
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(round(size_px * 1.22))
        theme.changed.connect(self.update)

    def show_text(self, text: str, tone: str | None = None) -> None:
        if text == self._text and tone in (None, self._tone):
            return
        self._text, self._tone = text, tone or self._tone
        self.setAccessibleName(text)
        self.update()

    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        pixels = self._size_px
        while (
            pixels > 18 and QFontMetrics(font(pixels, bold=True)).horizontalAdvance(self._text) > self.width()
        ):
            pixels -= 2
        painter = QPainter(self)
        painter.setFont(font(pixels, bold=True))
        painter.setPen(self._theme.colour(self._tone))
        side = Qt.AlignmentFlag.AlignTrailing if self._at_end else Qt.AlignmentFlag.AlignLeading
        painter.drawText(QRect(self.rect()), side | Qt.AlignmentFlag.AlignVCenter, self._text)
