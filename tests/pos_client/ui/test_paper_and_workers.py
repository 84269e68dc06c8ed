"""What comes from other threads: status and paper arrive on the window's thread, whole and in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import BytesIO

import msgspec
import pytest
from PIL import Image
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from hardware.scanners.base import BadScan, Scan
from pos_client.till.state import Phase, TillStatus
from pos_client.ui.example_shop import NOW, STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.paper_window import PaperWindow
from pos_client.ui.theme import Theme
from pos_client.ui.worker_bridge import WorkerBridge

OpenWindow = Callable[..., MainWindow]


def paper(height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (576, height), "white").save(out, "PNG")
    return out.getvalue()


class Listener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[TillStatus] = []
        self.on_own_thread: list[bool] = []

    def hear(self, status: TillStatus) -> None:
        self.heard.append(status)
        self.on_own_thread.append(QThread.currentThread() is self.thread())


def from_another_thread(work: Callable[[], None]) -> None:
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def test_a_workers_status_arrives_on_the_windows_thread(qtbot: QtBot) -> None:
    bridge, listener = WorkerBridge(), Listener()
    bridge.status_changed.connect(listener.hear)
    status = TillStatus(online=True, unsent_entries=3)
    from_another_thread(lambda: bridge.show_status(status))
    qtbot.waitUntil(lambda: bool(listener.heard))
    assert listener.heard == [status]
    assert listener.on_own_thread == [True]


def test_the_newest_receipt_is_in_sight(qapp: QApplication, qtbot: QtBot) -> None:
    window, bridge = PaperWindow(Theme()), WorkerBridge()
    bridge.paper_printed.connect(window.show_paper)
    window.show()
    for height in (900, 1200, 700):
        from_another_thread(lambda height=height: bridge.show_paper(paper(height)))
    qtbot.waitUntil(lambda: window.count == 3)
    bar = window.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())


def test_paper_that_is_no_picture_is_a_mistake_of_the_program(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="no picture"):
        PaperWindow(Theme()).show_paper(b"not a picture")


def test_a_wired_scanners_code_goes_to_the_ticket_and_a_bad_one_is_explained(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    bridge = WorkerBridge()
    bridge.scanned.connect(window.scanned)
    bridge.scan(Scan("4006381333931"))
    bridge.scan(BadScan("control_characters", "<01>"))
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    assert [(name, values) for name, values, _ in till.asked] == [("scan", ("4006381333931",))]
    assert "signs that no barcode has" in window.notice.text


def test_the_header_says_how_the_till_stands_in_plain_words(open_window: OpenWindow) -> None:
    header = open_window(STATES["sale"]).header
    assert header.line.text() == "Offline · 14 unsent, oldest 6 min, €\N{NO-BREAK SPACE}412.80"
    assert header.printer.text() == "Printer"
    assert header.prices.text() == "Prices 08:55"
    assert header.person.text() == "Ana R. · shift since 08:02"
    header.show_status(
        TillStatus(online=True, printer_ok=False, printer_message="Printer is out of paper"), NOW
    )
    assert header.line.text() == "Online · all sent"
    assert header.printer.text() == "Printer is out of paper"
    assert header.prices.text() == "No prices yet"
    elsewhere = "The receipt is at Second printer."
    header.show_status(TillStatus(online=True, printer_ok=True, printer_message=elsewhere), NOW)
    assert header.printer.text() == elsewhere


def test_the_header_says_when_the_sales_go_by_the_stores_hub(open_window: OpenWindow) -> None:
    header = open_window(STATES["sale"]).header
    header.show_status(TillStatus(online=True, by_hub=True), NOW)
    assert header.line.text() == "At the store's hub · all sent"
    header.show_status(TillStatus(online=True, by_hub=True, unsent_entries=2), NOW)
    assert header.line.text() == "Store's hub · 2 unsent"
    header.show_status(TillStatus(online=False, by_hub=True), NOW)
    assert header.line.text() == "Offline · all sent"


def test_old_prices_and_a_wrong_clock_are_said(open_window: OpenWindow) -> None:
    header = open_window(STATES["sale"]).header
    three_days_ms = 3 * 86_400_000
    status = TillStatus(online=True, catalogue_as_of_ms=NOW.at_ms - three_days_ms, clock_drift_ms=-240_000)
    header.show_status(status, NOW)
    assert header.prices.text() == "Prices 3 days old"
    assert header.drift.text() == "Clock is 4 min off"


def test_a_name_forced_to_the_left_turns_no_words_but_its_own(open_window: OpenWindow) -> None:
    operator = STATES["sale"].operator
    assert operator is not None
    forced = msgspec.structs.replace(operator, name="Ana \u202eR.")
    header = open_window(msgspec.structs.replace(STATES["sale"], operator=forced)).header
    assert header.person.text() == "\u2068Ana \u202eR.\u2069 · shift since 08:02"


def test_a_locked_till_says_how_long_the_ticket_is(open_window: OpenWindow) -> None:
    locked = msgspec.structs.replace(STATES["locked"], lines=STATES["sale"].lines[:1])
    window = open_window(locked)
    shown = [label.text() for label in window.screens[Phase.LOCKED].findChildren(QLabel)]
    assert "Enter your PIN. The ticket is still here: 1 line." in shown
