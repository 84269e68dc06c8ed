"""Scans that come by a wire go the same way as those that come by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from hardware.scanners.base import Scan
from hardware.scanners.counter import CounterScanners
from hardware.scanners.virtual import VirtualSerialScanner
from pos_client.ui.application import Application
from pos_client.ui.example_shop import NOW, STATES, STATUS, ShownTill
from pos_client.ui.main_window import MainWindow

GTIN = "4006381333931"
OpenWindow = Callable[..., MainWindow]


@pytest.mark.expects_log
def test_a_scanner_on_a_serial_line_sells_and_says_when_it_is_gone(tmp_path: Path, qtbot: QtBot) -> None:
    till = ShownTill(STATES["sale"])
    application = Application()
    with VirtualSerialScanner(tmp_path / "ttyACM0") as scanner:
        window = application.open(till, now=lambda: NOW, status=lambda: STATUS, version=lambda: 1)
        qtbot.addWidget(window)
        scanners = CounterScanners([f"serial://{scanner.port}"])
        scanners.on_scan, scanners.on_change = application.hear_scanners(window)
        scanners.start()
        qtbot.waitUntil(lambda: scanners.scanners[0].is_there)
        assert not window.notice.text
        scanner.scan(f"]E0{GTIN}")
        qtbot.waitUntil(lambda: [name for name, _, _ in till.asked] == ["scan"])
        assert till.asked[0][1] == (f"]E0{GTIN}",)
        scanner.pull_out()
        qtbot.waitUntil(lambda: "broke" in window.notice.text)
        scanner.plug_in()
        qtbot.waitUntil(lambda: "is ready" in window.notice.text)
        scanners.stop()
    application._tick.stop()


def test_a_serial_number_is_answered_without_the_kind_of_its_symbol(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_serial"])
    window.hear_scan(Scan("]C0SN-2026-0042"))
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    assert [(name, values) for name, values, _ in till.asked] == [("answer", (True, "SN-2026-0042"))]
