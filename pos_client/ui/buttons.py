"""Buttons: a word and its key, painted from tokens, never smaller than a finger."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from pos_client.ui.theme import KEY_PX, TARGET_PX, Theme, font

_RADIUS = 10
_SMALLEST_PX = 12
_WRAP = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Look(Enum):
    """What a button is for; the look follows."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"
    TAB = "tab"
    FLAT = "flat"


class KeyButton(QAbstractButton):
    """A label with the key that does the same below it. A click never takes the focus from the scan field."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        hint: str = "",
        *,
        look: Look = Look.PLAIN,
        size_px: int = 15,
        height_px: int = 56,
        bold: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._look = look
        self._size_px = size_px
        self._bold = bold or look in (Look.PRIMARY, Look.DANGER)
        self._hint = hint
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(max(height_px, TARGET_PX))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()
        theme.changed.connect(self.update)

    def show_text(self, text: str, hint: str | None = None) -> None:
        if hint is not None:
            self._hint = hint
        self.setText(text)
        self._name()
        self.updateGeometry()
        self.update()

    def hint(self) -> str:
        return self._hint

    def is_bold(self) -> bool:
        return self._bold

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font(self._size_px, bold=self._bold))
        words = self.text().split() or [""]
        widest = metrics.horizontalAdvance(self.text())
        if len(words) > 1 and self._look is Look.PLAIN:
            widest = max(max(metrics.horizontalAdvance(word) for word in words), widest * 5 // 8)
        return QSize(max(widest + 28, TARGET_PX), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetrics(font(_SMALLEST_PX, bold=self._bold))
        widest = max((metrics.horizontalAdvance(word) for word in self.text().split()), default=0)
        return QSize(max(widest + 12, TARGET_PX), self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, edge, ink, soft = self._colours()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(edge, 1) if edge.alpha() else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        self._paint_words(painter, ink, soft)
        if self.hasFocus():
            paint_focus(painter, self.rect(), self._theme)

    def _paint_words(self, painter: QPainter, ink: QColor, soft: QColor) -> None:
        inside = self.rect().adjusted(4, 4, -4, -4)
        label, hint_box = QRect(inside), QRect()
        if self._hint:
            hint_height = 15
            fitted = fitting_px(
                self.text(), inside.width(), inside.height() - hint_height, self._size_px, self._bold
            )
            text_height = _text_height(self.text(), inside.width(), fitted, self._bold)
            top = inside.top() + max(0, (inside.height() - text_height - hint_height - 1) // 2)
            label = QRect(inside.left(), top, inside.width(), text_height)
            hint_box = QRect(inside.left(), label.bottom() + 2, inside.width(), hint_height)
        else:
            fitted = fitting_px(self.text(), inside.width(), inside.height(), self._size_px, self._bold)
        painter.setFont(font(fitted, bold=self._bold))
        painter.setPen(ink)
        painter.drawText(label, _WRAP, self.text())
        if self._hint:
            painter.setFont(font(11))
            painter.setPen(soft)
            painter.drawText(hint_box, Qt.AlignmentFlag.AlignCenter, self._hint)

    def _colours(self) -> tuple[QColor, QColor, QColor, QColor]:
        """Ground, edge, ink, hint."""
        t = self._theme.tokens
        down = self.isDown() and self.isEnabled()
        if not self.isEnabled():
            grey = QColor(t.soft_ink)
            grey.setAlpha(150)
            return QColor(t.chip if self._look is not Look.FLAT else t.panel), QColor(t.chip), grey, grey
        if self._look in (Look.PRIMARY, Look.DANGER):
            ground = QColor(t.accent if self._look is Look.PRIMARY else t.danger)
            ink = QColor(t.on_accent if self._look is Look.PRIMARY else t.on_notice)
            return (ground.darker(115) if down else ground), QColor(0, 0, 0, 0), ink, ink
        if self.isChecked():
            return QColor(t.ink), QColor(0, 0, 0, 0), QColor(t.panel), QColor(t.panel)
        if self._look is Look.TAB:
            return (
                QColor(t.key_down if down else t.chip),
                QColor(0, 0, 0, 0),
                QColor(t.soft_ink),
                QColor(t.soft_ink),
            )
        if self._look is Look.FLAT:
            ground = QColor(t.key_down) if down else QColor(0, 0, 0, 0)
            return ground, QColor(0, 0, 0, 0), QColor(t.soft_ink), QColor(t.soft_ink)
        return QColor(t.key_down if down else t.key), QColor(t.hairline), QColor(t.ink), QColor(t.soft_ink)

    def _name(self) -> None:
        self.setAccessibleName(f"{self.text()}, {self._hint}" if self._hint else self.text())


class ProductKey(QAbstractButton):
    """A product to touch: its name, its price, its category's colour at the edge."""

    def __init__(
        self, theme: Theme, name: str, price: str, colour: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._price = price
        self._colour = QColor(colour)
        self.setText(name)
        self.setToolTip(name)
        self.setAccessibleName(f"{name}, {price}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(104)
        self.setMinimumWidth(KEY_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(140, 104)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_box(painter, QColor(t.key_down if self.isDown() else t.key), QColor(t.hairline))
        inside = self.rect().adjusted(18, 10, -8, -10)
        if self.isRightToLeft():
            inside = self.rect().adjusted(8, 10, -18, -10)
        start = Qt.AlignmentFlag.AlignLeading
        fitted = fitting_px(self.text(), inside.width(), 60, 15, bold=True)
        face = font(fitted, bold=True)
        painter.setFont(face)
        painter.setPen(QColor(t.ink))
        name_box = QRect(inside.left(), inside.top(), inside.width(), 62)
        painter.setClipRect(name_box)
        painter.drawText(name_box, start | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self.text())
        painter.setClipping(False)
        painter.setFont(font(14))
        painter.setPen(QColor(t.soft_ink))
        painter.drawText(inside, start | Qt.AlignmentFlag.AlignBottom, self._price)
        if self.hasFocus():
            paint_focus(painter, self.rect(), self._theme)

    def _paint_box(self, painter: QPainter, ground: QColor, edge: QColor) -> None:
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(box, _RADIUS, _RADIUS)
        painter.fillPath(shape, ground)
        strip = QRectF(box.left(), box.top(), 6, box.height())
        if self.isRightToLeft():
            strip.moveRight(box.right())
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(strip, self._colour)
        painter.restore()
        painter.strokePath(shape, QPen(edge, 1))


def paint_focus(painter: QPainter, rect: QRect, theme: Theme) -> None:
    """Two rings, so that focus shows on any ground."""
    painter.setOpacity(1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour("panel"), 2))
    painter.drawRoundedRect(QRectF(rect).adjusted(3, 3, -3, -3), _RADIUS - 3, _RADIUS - 3)
    painter.setPen(QPen(theme.colour("accent"), 2))
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), _RADIUS - 1, _RADIUS - 1)


def fitting_px(text: str, width: int, height: int, wanted_px: int, bold: bool = False) -> int:
    """The largest size up to the wanted one in which the text fits, word by word; at least the smallest readable."""
    for pixels in range(wanted_px, _SMALLEST_PX, -1):
        metrics = QFontMetrics(font(pixels, bold=bold))
        longest = max((metrics.horizontalAdvance(word) for word in text.split()), default=0)
        if longest <= width and _text_height(text, width, pixels, bold) <= height:
            return pixels
    return _SMALLEST_PX


def _text_height(text: str, width: int, pixels: int, bold: bool) -> int:
    box = QFontMetrics(font(pixels, bold=bold)).boundingRect(QRect(0, 0, width, 10_000), int(_WRAP), text)
    return box.height()
