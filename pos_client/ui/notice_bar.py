"""The notice: one sentence in colour, with a sign and a sound, over the foot where it covers nothing that counts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from pos_client.till.state import Notice, Severity
from pos_client.ui.buttons import KeyButton, fitting_px
from pos_client.ui.theme import BAR_PX, MARGIN_PX, TARGET_PX, Theme, font
from pos_client.ui.wording import Wording, tr

_INFO_STAYS_MS = 5000
_TEXT_PX = 17


class NoticeBar(QWidget):
    """Shows each serial once. `dismissed` is emitted when the operator puts it away, `sounded` with each sound.

    `announced` carries what a screen reader is told.
    """

    dismissed = Signal()
    sounded = Signal()
    announced = Signal(str)

    def __init__(self, theme: Theme, wording: Wording, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wording = wording
        self._window = parent
        self._serial = 0
        self._severity = Severity.INFO
        self._text = ""
        self._away = KeyButton(
            theme, tr("Understood"), tr("Esc"), height_px=TARGET_PX, size_px=14, parent=self
        )
        self._away.clicked.connect(self.dismissed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INFO_STAYS_MS)
        self._timer.timeout.connect(self.hide)
        self.sounded.connect(QApplication.beep)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        return self._text if self.isVisibleTo(self._window) else ""

    def show_notice(self, notice: Notice | None) -> None:
        """A notice that is gone from the state is gone from the screen, except news, which stay for a moment."""
        if notice is None:
            if self._severity is not Severity.INFO:
                self.hide()
        elif notice.serial != self._serial:
            self._serial = notice.serial
            self.show_text(notice.severity, self._wording.words(notice.words))

    def show_text(self, severity: Severity, text: str) -> None:
        self._severity, self._text = severity, text
        self.setAccessibleName(f"{self._word()}: {text}")
        self._place()
        self.show()
        self.raise_()
        self.update()
        self._timer.stop()
        if severity is Severity.INFO:
            self._timer.start()
        else:
            self.sounded.emit()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.accessibleName()))
            self.announced.emit(self.accessibleName())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._theme.tokens
        quiet = self._severity is Severity.INFO
        ground = {Severity.INFO: t.ink, Severity.WARNING: t.warning, Severity.DANGER: t.danger}[
            self._severity
        ]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(ground))
        painter.setPen(QColor(t.panel if quiet else t.on_notice))
        box = self.rect().adjusted(MARGIN_PX + 4, 4, -MARGIN_PX - 4, -4)
        keep = self._away.width() + MARGIN_PX
        box = box.adjusted(keep, 0, 0, 0) if self.isRightToLeft() else box.adjusted(0, 0, -keep, 0)
        sentence = f"{self._sign()}  {self._text}"
        painter.setFont(font(fitting_px(sentence, box.width(), box.height(), _TEXT_PX, bold=True), bold=True))
        side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(box, side, sentence)

    def _place(self) -> None:
        window = self._window
        self.setGeometry(0, window.height() - BAR_PX, window.width(), BAR_PX)
        width = max(120, self._away.sizeHint().width())
        left = MARGIN_PX if self.isRightToLeft() else self.width() - width - MARGIN_PX
        self._away.setGeometry(left, (BAR_PX - TARGET_PX) // 2, width, TARGET_PX)

    def _sign(self) -> str:
        return {Severity.INFO: "✓", Severity.WARNING: "⚠", Severity.DANGER: "✖"}[self._severity]

    def _word(self) -> str:
        words = {Severity.INFO: tr("Done"), Severity.WARNING: tr("Please look"), Severity.DANGER: tr("Stop")}
        return words[self._severity]
