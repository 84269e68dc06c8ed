"""The devices page: what is connected, in words for the telephone, and what can be tried."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.device_kinds import counter_devices
from hardware.printers.escpos_printer import PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.registry import DeviceSettings, connected
from hardware.scanners.base import Scan
from hardware.status import DeviceReport
from pos_client.till.state import TillState
from pos_client.ui.choice_panel import ChoicePanel
from pos_client.ui.devices_panel import DevicesPanel
from pos_client.ui.example_devices import DEVICE_REPORTS, ShownDesk
from pos_client.ui.example_shop import NOW, STATES, STATUS, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.prompt_panel import TextPanel
from pos_client.ui.theme import TARGET_PX, Theme, apply_font
from pos_client.ui.wording import Wording
from tests.pos_client.ui.keys import press, scan

SALE = STATES["sale"]
GTIN = "4006381333931"


class Desk(ShownDesk):
    def __init__(self, *devices: CounterDevice) -> None:
        super().__init__()
        self._devices = devices

    def devices(self) -> Sequence[CounterDevice]:
        return self._devices


OpenPage = Callable[..., tuple[MainWindow, DevicesPanel]]


@pytest.fixture
def open_page(qtbot: QtBot) -> OpenPage:
    def open_on(
        desk: ShownDesk, state: TillState = SALE, size: tuple[int, int] = (1366, 768)
    ) -> tuple[MainWindow, DevicesPanel]:
        apply_font()
        window = MainWindow(
            ShownTill(state), lambda: NOW, theme=Theme(), wording=Wording(QLocale("en_GB")), desk=desk
        )
        qtbot.addWidget(window)
        window.show_status(STATUS)
        window.resize(*size)
        window.show()
        window.activateWindow()
        press(window, Qt.Key.Key_G, modifier=Qt.KeyboardModifier.ControlModifier)
        panel = window.host.panel
        assert isinstance(panel, DevicesPanel)
        return window, panel

    return open_on


def texts(panel: DevicesPanel) -> str:
    QApplication.processEvents()
    rows = " | ".join(row.accessibleName() for row in panel.rows._rows)
    return " | ".join([rows, *(label.text() for label in panel.findChildren(QLabel) if label.isVisible())])


@pytest.mark.parametrize("state", ["sale", "locked", "no_shift", "waiting"])
def test_a_cashier_finds_what_is_connected_on_every_screen(
    open_page: OpenPage, qtbot: QtBot, state: str
) -> None:
    _, panel = open_page(ShownDesk(), STATES[state])
    qtbot.waitUntil(lambda: not panel.is_asking)
    said = texts(panel)
    for report in DEVICE_REPORTS:
        assert report.name in said
        assert report.message in said


def test_a_device_that_does_not_answer_holds_up_neither_the_window_nor_the_others(
    open_page: OpenPage, qtbot: QtBot
) -> None:
    gate = threading.Event()

    def slow() -> DeviceReport:
        assert gate.wait(10)
        return DEVICE_REPORTS[0]

    slow_one, *others = ShownDesk().devices()
    window, panel = open_page(Desk(replace(slow_one, look=slow), *others))
    qtbot.waitUntil(lambda: len(panel._reports) == len(others))
    assert "is being asked" in texts(panel)
    press(window, Qt.Key.Key_Down)
    assert "USB 04b8:0202" in texts(panel)
    gate.set()
    qtbot.waitUntil(lambda: not panel.is_asking)


def test_a_test_page_comes_out_of_the_printer(open_page: OpenPage, qtbot: QtBot) -> None:
    with VirtualPrinter(port=0) as printer:
        set_up = DeviceSettings(printer=PrinterSettings(f"tcp://127.0.0.1:{printer.port}"))
        window, panel = open_page(Desk(*counter_devices(set_up, connected(set_up))))
        qtbot.waitUntil(lambda: not panel.is_asking)
        press(window, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "The test page is printed" in texts(panel), timeout=10_000)
        [paper] = printer.receipts
        assert "Test page" in paper.text
        assert f"127.0.0.1 port {printer.port}" in paper.text
        assert [code.data for code in paper.barcodes] == ["4006381333931"]
        printer.set_paper("out")
        press(window, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "out of paper" in texts(panel), timeout=10_000)


def test_the_drawer_opens_only_with_a_reason(open_page: OpenPage, qtbot: QtBot) -> None:
    window, panel = open_page(ShownDesk())
    qtbot.waitUntil(lambda: not panel.is_asking)
    press(window, Qt.Key.Key_3, Qt.Key.Key_Return)
    asks_why = window.host.panel
    assert isinstance(asks_why, TextPanel)
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    assert till.asked == []
    asks_why._take("Check the drawer")
    assert [(name, values) for name, values, _ in till.asked] == [("open_drawer", ("Check the drawer",))]


def test_a_scan_that_is_tried_is_shown_and_sells_nothing(open_page: OpenPage, qtbot: QtBot) -> None:
    window, panel = open_page(ShownDesk())
    qtbot.waitUntil(lambda: not panel.is_asking)
    press(window, Qt.Key.Key_4, Qt.Key.Key_Return)
    assert "Scan something now." in texts(panel)
    scan(window, GTIN)
    assert f"The scanner read {GTIN}." in texts(panel)
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    assert till.asked == []
    assert window.host.panel is panel
    window.hear_scan(Scan(GTIN))
    assert [name for name, _, _ in till.asked] == ["scan"]


def test_a_test_that_waits_ends_when_the_page_is_left(open_page: OpenPage, qtbot: QtBot) -> None:
    ended = threading.Event()

    def wait(stop: threading.Event) -> Tried:
        assert stop.wait(10)
        ended.set()
        return Tried(False, "")

    device = replace(ShownDesk().devices()[4], tests=(DeviceTest("Try a scan", "Scan now.", wait),))
    window, panel = open_page(Desk(device))
    qtbot.waitUntil(lambda: not panel.is_asking)
    press(window, Qt.Key.Key_Return)
    assert "Scan now." in texts(panel)
    press(window, Qt.Key.Key_Escape)
    assert window.host.panel is None
    qtbot.waitUntil(ended.is_set)


@pytest.mark.expects_log
def test_a_driver_with_a_fault_is_said_and_the_page_lives(open_page: OpenPage, qtbot: QtBot) -> None:
    def broken() -> DeviceReport:
        raise RuntimeError("a bug")

    _, panel = open_page(Desk(replace(ShownDesk().devices()[0], look=broken)))
    qtbot.waitUntil(lambda: not panel.is_asking)
    assert "because of a fault. Tell support." in texts(panel)


def test_the_report_is_saved_once_all_have_answered_and_the_page_says_where(
    open_page: OpenPage, qtbot: QtBot
) -> None:
    desk = ShownDesk()
    window, panel = open_page(desk)
    qtbot.waitUntil(lambda: not panel.is_asking)
    press(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "The report is in" in texts(panel))
    assert list(desk.saved[0]) == list(DEVICE_REPORTS)


def test_a_till_that_has_not_looked_yet_says_so(open_page: OpenPage) -> None:
    _, panel = open_page(Desk())
    assert "still looking for its devices" in texts(panel)


@pytest.mark.parametrize("size", [(1366, 768), (1024, 700)])
def test_every_device_s_page_is_inside_the_window_and_no_word_is_cut(
    open_page: OpenPage, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window, panel = open_page(ShownDesk(), size=size)
    qtbot.waitUntil(lambda: not panel.is_asking)
    for at in range(len(DEVICE_REPORTS)):
        panel._choose(at)
        panel._said[at] = Tried(False, DEVICE_REPORTS[4].message)
        panel._show()
        QApplication.processEvents()
        assert window.rect().contains(panel.geometry()), size
        for label in panel.findChildren(QLabel):
            if label.isVisible() and label.text():
                assert label.height() >= label.heightForWidth(label.width()), label.text()
        for button in panel.tests:
            assert button.height() >= TARGET_PX


def test_the_page_is_reached_by_touch_through_the_list_of_keys(open_page: OpenPage) -> None:
    window, _ = open_page(ShownDesk())
    window.host.close_panel()
    window._help()
    keys = window.host.panel
    assert isinstance(keys, ChoicePanel)
    [at] = [at for at, row in enumerate(keys.rows._rows) if row.text() == "Devices"]
    keys.rows._rows[at].click()
    assert isinstance(window.host.panel, DevicesPanel)
