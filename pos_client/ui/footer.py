"""The foot of the window: which keys do what now, and the last receipt."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QStyle, QWidget

from pos_client.till.state import DoneView
from pos_client.ui.actions import Action
from pos_client.ui.buttons import paint_focus
from pos_client.ui.labels import label
from pos_client.ui.theme import BAR_PX, MARGIN_PX, SMALL_PX, TARGET_PX, Theme, font
from pos_client.ui.wording import Wording, tr


class Footer(QWidget):
    """Each key at the foot is a button as well, for those who touch."""

    def __init__(self, theme: Theme, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wording = wording
        self.setObjectName("footer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        self._hints: list[KeyHint] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN_PX - 4, 1, MARGIN_PX + 4, 1)
        row.setSpacing(0)
        self._keys = QHBoxLayout()
        self._keys.setSpacing(8)
        row.addLayout(self._keys)
        row.addStretch(1)
        self._last: QLabel = label(kind="small", at_end=True)
        row.addWidget(self._last)

    def show_actions(self, actions: Sequence[Action]) -> None:
        """Keep the buttons that are there; only their words change, so nothing moves under a finger."""
        for spare in self._hints[len(actions) :]:
            self._keys.removeWidget(spare)
            spare.deleteLater()
        del self._hints[len(actions) :]
        while len(self._hints) < len(actions):
            hint = KeyHint(self._theme)
            self._hints.append(hint)
            self._keys.addWidget(hint)
        for hint, action in zip(self._hints, actions, strict=True):
            hint.show_action(action)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_last()

    def _fit_last(self) -> None:
        """The last receipt gives way to the keys."""
        keys = sum(hint.sizeHint().width() + 8 for hint in self._hints)
        needed = self._last.fontMetrics().horizontalAdvance(self._last.text())
        self._last.setVisible(keys + needed + 4 * MARGIN_PX <= self.width())

    def show_last(self, done: DoneView | None) -> None:
        if done is None:
            self._last.setText("")
            return
        self._last.setText(
            tr("Last receipt {number} · {total} · change {change}").format(
                number=done.receipt_number,
                total=self._wording.money(done.total_minor),
                change=self._wording.money(done.change_minor),
            )
        )
        self._fit_last()


class KeyHint(QAbstractButton):
    """A key cap and what the key does, in one line."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._action: Action | None = None
        self.setFixedHeight(TARGET_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._run)
        theme.changed.connect(self.update)

    def show_action(self, action: Action) -> None:
        changed = self._action is None or (action.text, action.hint) != (self._action.text, self._action.hint)
        self._action = action
        if changed:
            self.setText(action.text)
            self.setAccessibleName(f"{action.text}, {action.hint}")
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(TARGET_PX, self._cap_width() + 6 + self._text_width() + 10), TARGET_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._action is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = self._theme.tokens
        if self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.chip))
            painter.drawRoundedRect(self.rect().adjusted(0, 4, 0, -4), 8, 8)
        cap = self._placed(QRect(4, (self.height() - 20) // 2, self._cap_width(), 20))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.key_down if self.isDown() else t.chip))
        painter.drawRoundedRect(cap, 4, 4)
        painter.setPen(QColor(t.soft_ink))
        painter.setFont(_CAP)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._action.hint)
        painter.setFont(_WORD)
        text = self._placed(QRect(4 + self._cap_width() + 6, 0, self._text_width() + 2, self.height()))
        painter.drawText(
            text, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, self._action.text
        )
        if self.hasFocus():
            paint_focus(painter, self.rect(), self._theme)

    def _placed(self, box: QRect) -> QRect:
        return QStyle.visualRect(self.layoutDirection(), self.rect(), box)

    def _cap_width(self) -> int:
        hint = self._action.hint if self._action else ""
        return QFontMetrics(_CAP).horizontalAdvance(hint) + 12

    def _text_width(self) -> int:
        return QFontMetrics(_WORD).horizontalAdvance(self.text())

    def _run(self) -> None:
        if self._action is not None:
            self._action.run()


_CAP = font(12)
_WORD = font(SMALL_PX)
