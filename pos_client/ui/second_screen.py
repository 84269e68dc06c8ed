"""Puts the customer's window on its monitor, takes it away with the monitor, and puts it there again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from hardware.displays.second_screen import AUTO, WINDOW, SecondScreen, missing
from pos_client.ui.customer_window import CustomerWindow


class ScreenKeeper(QObject):
    """The till's own monitor is never covered, whatever the system does with its windows when one is gone."""

    def __init__(self, window: CustomerWindow, till: QWidget, screen: SecondScreen) -> None:
        super().__init__(till)
        self._window, self._till, self._screen = window, till, screen
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._look_again)
        application.screenRemoved.connect(self._screen_gone)
        self.place(QGuiApplication.screens())

    def place(self, screens: Sequence[QScreen]) -> None:
        if self._screen.wanted == WINDOW:
            self._window.show()
            self._screen.found(True, "The customer's screen is an ordinary window at this till.")
            return
        chosen = chosen_screen(self._screen.wanted, screens, self._till.screen())
        if chosen is None:
            self._window.hide()
            self._screen.found(False, missing(self._screen.wanted))
            return
        self._window.setScreen(chosen)
        self._window.setGeometry(chosen.geometry())
        # showFullScreen() would also ask for the focus, which is the till's.
        self._window.setWindowState(Qt.WindowState.WindowFullScreen)
        self._window.show()
        self._screen.found(True, f"The customer's screen is on monitor {chosen.name()}.")

    def _look_again(self, screen: QScreen) -> None:
        self.place(QGuiApplication.screens())

    def _screen_gone(self, gone: QScreen) -> None:
        """Qt may still count it."""
        self.place([screen for screen in QGuiApplication.screens() if screen is not gone])


def chosen_screen(wanted: str, screens: Sequence[QScreen], tills: QScreen) -> QScreen | None:
    """Never the till's own. Names need not tell two monitors apart."""
    others = (screen for screen in screens if screen is not tills)
    return next((screen for screen in others if wanted in (AUTO, screen.name())), None)
