"""The application around the window: what workers have done reaches it, and what it can't start it explains."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from pos_client.till.state import Phase, TillStatus
from pos_client.ui.application import Application
from pos_client.ui.example_shop import NOW, STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.paper_window import PaperWindow

OpenWindow = Callable[..., MainWindow]


class Shop:
    def __init__(self, phase: str) -> None:
        self.till = ShownTill(STATES[phase])
        self.status = TillStatus(online=True)
        self.version = 1
        self.calls: list[str] = []
        self.application = Application()
        self.window = self.application.open(
            self.till, now=lambda: NOW, status=lambda: self.status, version=lambda: self.version
        )
        self.application.on_catalogue_change(lambda: self.calls.append("catalogue"))
        self.application.on_unsent(lambda: self.calls.append("unsent"))


@pytest.fixture
def shop(qtbot: QtBot) -> Iterator[Callable[[str], Shop]]:
    opened: list[Shop] = []

    def open_on(phase: str) -> Shop:
        opened.append(Shop(phase))
        return opened[-1]

    yield open_on
    for one in opened:
        one.application._tick.stop()
        one.window.close()
        one.window.deleteLater()


def test_the_first_catalogue_ends_the_waiting(shop: Callable[[str], Shop], qtbot: QtBot) -> None:
    waiting = shop("waiting")
    assert waiting.window.stack.currentWidget() is waiting.window.screens[Phase.WAITING]
    waiting.till.state = STATES["locked"]
    waiting.version = 2
    qtbot.waitUntil(lambda: waiting.calls == ["catalogue"])
    assert waiting.window.stack.currentWidget() is waiting.window.screens[Phase.LOCKED]
    waiting.application.look()
    assert waiting.calls == ["catalogue"]


def test_only_more_to_send_wakes_the_sync(shop: Callable[[str], Shop]) -> None:
    selling = shop("sale")
    for entries in (0, 2, 2, 1, 3):
        selling.status = TillStatus(online=True, unsent_entries=entries)
        selling.application.look()
    assert selling.calls == ["unsent", "unsent"]
    assert selling.window.header.line.text() == "Online · 3 unsent"


def test_receipts_and_the_drawer_show_on_paper_beside_the_till(
    shop: Callable[[str], Shop], qtbot: QtBot
) -> None:
    selling = shop("sale")
    give = selling.application.paper(selling.window)
    picture = BytesIO()
    Image.new("RGB", (576, 300), "white").save(picture, "PNG")
    give(picture.getvalue(), False)
    give(picture.getvalue(), True)
    paper = selling.application._paper
    assert isinstance(paper, PaperWindow)
    qtbot.waitUntil(lambda: paper.count == 2)
    assert [one.text() for one in paper.findChildren(QLabel)].count("Drawer opened") == 1
    paper.close()


def test_labels_show_below_the_paper_and_neither_covers_the_other(
    shop: Callable[[str], Shop], qtbot: QtBot
) -> None:
    selling = shop("sale")
    selling.application.paper(selling.window)
    give = selling.application.labels(selling.window)
    picture = BytesIO()
    Image.new("L", (456, 256), 255).save(picture, "PNG")
    give(picture.getvalue())
    paper, labels = selling.application._paper, selling.application._labels
    assert isinstance(paper, PaperWindow)
    assert isinstance(labels, PaperWindow)
    qtbot.waitUntil(lambda: labels.count == 1)
    assert paper.count == 0
    assert [one.accessibleName() for one in labels.findChildren(QLabel)][-1] == "Label 1"
    assert not paper.frameGeometry().intersects(labels.frameGeometry())
    assert not selling.window.frameGeometry().intersects(labels.frameGeometry())
    for window in (paper, labels):
        window.close()


def test_the_till_ends_with_its_own_window_also_while_paper_and_labels_are_shown() -> None:
    """In a process of its own: Qt tells of the last window once."""
    closes_it = (
        "from PySide6.QtCore import QTimer\n"
        "from pos_client.till.state import TillStatus\n"
        "from pos_client.ui.application import Application\n"
        "from pos_client.ui.example_shop import NOW, STATES, ShownTill\n"
        "application = Application()\n"
        "window = application.open(ShownTill(STATES['sale']), now=lambda: NOW, status=TillStatus, version=int)\n"
        "application.paper(window), application.labels(window)\n"
        "QTimer.singleShot(0, window.close)\n"
        "application.run()\n"
    )
    done = subprocess.run([sys.executable, "-c", closes_it], timeout=60, check=False)
    assert done.returncode == 0


def test_a_till_that_cannot_start_says_why(qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    assert Application().explain("This till is not enrolled. Ask head office for a code.") == 1
    assert capsys.readouterr().err == "This till is not enrolled. Ask head office for a code.\n"


UNSURE = "Receipt 03-1-AB-000123 may not have been printed. Press F9 to print it again."


def test_a_receipt_that_may_not_be_printed_is_named_after_the_log_in(shop: Callable[[str], Shop]) -> None:
    morning = shop("locked")
    morning.status = TillStatus(online=True, unsure_receipts=("03-1-AB-000123",))
    morning.application.look()
    assert morning.window.notice.text == ""
    morning.window.show_state(STATES["sale"])
    morning.application.look()
    assert morning.window.notice.text == UNSURE
    assert morning.window.header.printer.text() == "Check the last receipts"
    assert morning.window.header.printer.toolTip() == UNSURE
    morning.window.notice.hide()
    morning.application.look()
    assert morning.window.notice.text == ""
    morning.status = TillStatus(online=True, printer_ok=True)
    morning.application.look()
    assert morning.window.header.printer.text() == "Printer"


def test_several_unsure_receipts_are_named_one_after_the_other(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    status = TillStatus(unsure_receipts=("R1", "R2"))
    for number in ("R1", "R2"):
        window.show_status(status)
        assert number in window.notice.text
        window.show_status(status)
        assert number in window.notice.text
        window.notice.hide()
    window.show_state(STATES["locked"])
    window.show_status(status)
    window.show_state(STATES["sale"])
    window.show_status(status)
    assert "R1" in window.notice.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_till_that_is_told_to_end_before_its_window_runs_ends_when_it_does() -> None:
    """In a process of its own: its signals are what is tried."""
    told_early = """
import os, signal
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pos_client.ui.application import Application

class ToldEarly(QApplication):
    def exec(self):
        os.kill(os.getpid(), signal.SIGTERM)
        return super().exec()

window = ToldEarly([])
application = Application()
QTimer.singleShot(5000, lambda: window.exit(99))
print(application.run())
"""
    done = subprocess.run(
        [sys.executable, "-c", told_early], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "0", done.stderr
