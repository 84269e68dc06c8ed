"""The till's Qt application: one window, what feeds it, and what starts once it can be seen."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtNetwork import QNetworkInformation
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from hardware.displays.base import TwoLines
from hardware.displays.second_screen import SecondScreen
from hardware.scanners.base import ScanOutcome
from hardware.scanners.wedge import DEFAULT_WEDGE, WedgeSettings
from pos_client.till.intents import Till
from pos_client.till.state import TillStatus
from pos_client.ui.customer_lines import CustomerLines
from pos_client.ui.customer_window import CustomerWindow
from pos_client.ui.device_talk import DeviceDesk
from pos_client.ui.label_talk import LabelDesk
from pos_client.ui.main_window import MainWindow
from pos_client.ui.paper_window import PaperWindow
from pos_client.ui.second_screen import ScreenKeeper
from pos_client.ui.theme import Theme
from pos_client.ui.worker_bridge import WorkerBridge
from shared_models.moment import Moment

ScannerNews = tuple[Callable[[ScanOutcome], None], Callable[[bool, str], None]]

_STATUS_EVERY_MS = 500
_UNSEEN_MS = 3000
"""A window that starts minimised is never painted; what waits for that starts all the same."""


class Application(QObject):
    """Made once per process. `run` returns when the window is closed or the process is asked to end."""

    def __init__(self, *, theme: str = "light", fullscreen: bool = False) -> None:
        existing = QApplication.instance()
        self._qt = existing if isinstance(existing, QApplication) else QApplication(["evertill-till"])
        super().__init__()
        self._qt.setApplicationDisplayName("Evertill")
        self._theme = Theme(theme)
        self._fullscreen = fullscreen
        self.bridge = WorkerBridge()
        self.window: MainWindow | None = None
        self._paper: PaperWindow | None = None
        self._labels: PaperWindow | None = None
        self._status: Callable[[], TillStatus] = TillStatus
        self._version: Callable[[], object] = lambda: None
        self._seen_version: object = None
        self._seen_unsent = 0
        self._catalogue_changed: Callable[[], None] = lambda: None
        self._something_unsent: Callable[[], None] = lambda: None
        self._tick = QTimer(self)
        self._tick.setInterval(_STATUS_EVERY_MS)
        self._tick.timeout.connect(self.look)

    def open(
        self,
        till: Till,
        *,
        now: Callable[[], Moment],
        status: Callable[[], TillStatus],
        version: Callable[[], object],
        wedge: WedgeSettings | None = DEFAULT_WEDGE,
        desk: DeviceDesk | None = None,
        labels: LabelDesk | None = None,
    ) -> MainWindow:
        """`version` is any value that changes when the catalogue does."""
        self._status, self._version, self._seen_version = status, version, version()
        self.window = MainWindow(till, now, theme=self._theme, wedge=wedge, desk=desk, labels=labels)
        self.window.show_status(status())
        if self._fullscreen:
            self.window.showFullScreen()
        else:
            self.window.show()
        self._tick.start()
        return self.window

    def paper(self, beside: MainWindow) -> Callable[[bytes, bool], None]:
        """A second window with the virtual printer's paper; returns what to give each receipt to, on any thread."""
        self._paper = PaperWindow(self._theme)
        self._paper.stand_beside(beside)
        self._paper.show()
        beside.activateWindow()
        self.bridge.paper_printed.connect(self._paper.show_paper)
        return self.bridge.show_paper

    def labels(self, beside: MainWindow) -> Callable[[bytes], None]:
        """The virtual label printer's labels, as `paper`; below that where both are."""
        self._labels = PaperWindow(self._theme, of_labels=True)
        self._labels.stand_beside(beside, above=self._paper)
        self._labels.show()
        beside.activateWindow()
        self.bridge.label_printed.connect(self._labels.show_paper)
        return self.bridge.show_label

    def after_first_paint(self, work: Callable[[], None]) -> None:
        """Loading the network's and the printer's libraries can wait until the cashier sees the till."""
        assert self.window is not None
        _AfterPaint(self.window, work)

    def on_catalogue_change(self, call: Callable[[], None]) -> None:
        self._catalogue_changed = call

    def on_unsent(self, call: Callable[[], None]) -> None:
        """Called when there is more to send than at the last look."""
        self._something_unsent = call

    def on_network_back(self, call: Callable[[], None]) -> None:
        """Called when the operating system says that there is a network again, where it says so at all."""
        if not QNetworkInformation.loadDefaultBackend():
            return
        network = QNetworkInformation.instance()
        network.reachabilityChanged.connect(lambda reach: call() if _is_a_line(reach) else None)

    def hear_answers(self, window: MainWindow) -> Callable[[], None]:
        """What to call, on any thread, when the server has answered what the till asked."""
        # Never in the middle of the action that asks, also where there is no server and the answer is there at once.
        self.bridge.answered.connect(window.hear, Qt.ConnectionType.QueuedConnection)
        return self.bridge.say_answered

    def hear_scanners(self, window: MainWindow) -> ScannerNews:
        """What scanners with a wire of their own call, on their threads: with a scan; when lost, and when back."""
        self.bridge.scanned.connect(window.hear_scan)
        self.bridge.device_changed.connect(window.hear_device)
        return self.bridge.scan, self.bridge.change_device

    def face_customer(self, window: MainWindow, show: Callable[[TwoLines], None]) -> None:
        """`show` is called on the window's thread whenever there is something else for the customer to see."""
        self._customer_lines = CustomerLines(window.wording, show, self)
        window.presenter.state_changed.connect(self._customer_lines.show_state)
        self._customer_lines.show_state(window.presenter.state)

    def show_customer(self, window: MainWindow, screen: SecondScreen) -> None:
        """The customer's own window, on the monitor that is set up for it whenever that is there."""
        self._customer_window = CustomerWindow(self._theme, window.wording)
        window.presenter.state_changed.connect(self._customer_window.show_state)
        self._customer_window.show_state(window.presenter.state)
        self._screen_keeper = ScreenKeeper(self._customer_window, window, screen)

    def explain(self, message: str) -> int:
        """The till can't start: say why and what to do, then end."""
        box = QMessageBox(QMessageBox.Icon.Warning, "Evertill", message)
        print(message, file=sys.stderr)
        if self._qt.platformName() != "offscreen":
            box.exec()
        return 1

    def leave(self) -> None:
        """As closing the window does."""
        self._qt.quit()

    def run(self) -> int:
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, self._leave_when_running)
        self._qt.lastWindowClosed.connect(self._qt.quit)
        return self._qt.exec()

    def _leave_when_running(self, number: int, frame: FrameType | None) -> None:
        """Qt forgets a `quit` that comes before its loop runs."""
        QTimer.singleShot(0, self._qt.quit)

    def look(self) -> None:
        """Show what the workers have done since; the timer calls it, which also lets a signal to end be heard."""
        assert self.window is not None
        status = self._status()
        self.window.show_status(status)
        if status.unsent_entries > self._seen_unsent:
            self._something_unsent()
        self._seen_unsent = status.unsent_entries
        version = self._version()
        if version != self._seen_version:
            self._seen_version = version
            self._catalogue_changed()
            self.window.refresh()


class _AfterPaint(QObject):
    """Does `work` once: after the window's first paint, or when that does not come."""

    def __init__(self, window: QWidget, work: Callable[[], None]) -> None:
        super().__init__(window)
        self._work = work
        self._timer = QTimer(self, singleShot=True, interval=_UNSEEN_MS)
        self._timer.timeout.connect(self._start)
        self._timer.start()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self._timer.start(0)
        return False

    def _start(self) -> None:
        self._work()
        self.deleteLater()


def _is_a_line(reach: QNetworkInformation.Reachability) -> bool:
    """A shop's own server may be reached without the rest of the world."""
    kinds = QNetworkInformation.Reachability
    return reach in (kinds.Local, kinds.Site, kinds.Online)
