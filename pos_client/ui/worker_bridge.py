"""From worker threads to the window: frozen values go in on any thread and come out on the window's."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from hardware.scanners.base import ScanOutcome
from pos_client.till.state import TillStatus


class WorkerBridge(QObject):
    """Workers call the methods; connect the signals to bound methods of QObjects, so that Qt changes the thread."""

    status_changed = Signal(object)
    paper_printed = Signal(bytes, bool)
    label_printed = Signal(bytes)
    scanned = Signal(object)
    catalogue_changed = Signal()
    answered = Signal()
    device_changed = Signal(bool, str)

    def show_status(self, status: TillStatus) -> None:
        self.status_changed.emit(status)

    def show_paper(self, png: bytes, drawer_opened: bool = False) -> None:
        """One receipt as the virtual printer has printed it, and whether its drawer was opened before."""
        self.paper_printed.emit(png, drawer_opened)

    def show_label(self, png: bytes) -> None:
        """One label as the virtual label printer has printed it."""
        self.label_printed.emit(png)

    def scan(self, outcome: ScanOutcome) -> None:
        """From scanners with a wire of their own."""
        self.scanned.emit(outcome)

    def change_device(self, is_there: bool, message: str) -> None:
        """A device was lost, or is back."""
        self.device_changed.emit(is_there, message)

    def say_answered(self) -> None:
        """Something that the till asked outside can be heard now."""
        self.answered.emit()

    def say_catalogue_changed(self) -> None:
        self.catalogue_changed.emit()
