"""Panels: questions and choices inside the window, above a dimmed screen, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from hardware.scanners.base import ScanOutcome
from pos_client.ui.actions import Action
from pos_client.ui.labels import label
from pos_client.ui.theme import MARGIN_PX, Theme


class Panel(QFrame):
    """A card with a title. Esc is always the safe way out."""

    def __init__(self, title: str, *, width_px: int = 460) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setFixedWidth(width_px)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.closes: Callable[[], None] = lambda: None
        """Set by the host: puts this panel away."""
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 16)
        self.column.setSpacing(MARGIN_PX)
        self.title = label(title, "title", wraps=True)
        self.column.addWidget(self.title)

    def home(self) -> QWidget:
        return self

    def key_actions(self) -> Sequence[Action]:
        return ()

    def enter(self) -> None:
        """The next step."""

    def escape(self) -> None:
        self.closes()

    def press(self, event: QKeyEvent) -> bool:
        return False

    def takes_scan(self, outcome: ScanOutcome) -> bool:
        """A scan that this panel has asked for; True when it was used up."""
        return False


class PanelHost(QWidget):
    """Covers the window while a panel is open."""

    def __init__(self, theme: Theme, parent: QWidget, closed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._theme = theme
        self._closed = closed
        self._covered = parent
        self.panel: Panel | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        parent.installEventFilter(self)
        theme.changed.connect(self.update)
        self.hide()

    def open(self, panel: Panel) -> None:
        self._drop()
        self.panel = panel
        panel.closes = self.close_panel
        self._row.addWidget(panel, 0, Qt.AlignmentFlag.AlignCenter)
        self.setGeometry(self._covered.rect())
        self.show()
        self.raise_()
        panel.home().setFocus()

    def close_panel(self) -> None:
        if self.panel is not None:
            self._drop()
            self.hide()
            self._closed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._covered.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._theme.colour("scrim"))

    def _drop(self) -> None:
        if self.panel is not None:
            self._row.removeWidget(self.panel)
            self.panel.hide()
            self.panel.deleteLater()
            self.panel = None
