"""The customer's own window: what it shows of a sale, what it never shows, and which monitor it is on."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from hardware.displays.second_screen import SecondScreen
from pos_client.till.session import TillSession
from pos_client.till.state import TillState
from pos_client.ui.customer_window import CustomerWindow
from pos_client.ui.main_window import MainWindow
from pos_client.ui.second_screen import ScreenKeeper
from pos_client.ui.theme import DARK, LIGHT, Theme
from pos_client.ui.wording import Wording
from tests.pos_client.till import fakes
from tests.pos_client.ui.keys import type_text

Step = Callable[[TillSession], TillState]
NB = "\N{NO-BREAK SPACE}"


class Counter:
    def __init__(self) -> None:
        clock = fakes.FakeClock()
        self.theme, wording = Theme(LIGHT), Wording(QLocale("en_GB"))
        till = TillSession(
            fakes.TILL_ID,
            clock=clock,
            ids=fakes.FakeIds(),
            catalogue=fakes.FakeCatalogue(),
            books=fakes.FakeBooks(clock),
            pins=fakes.FakePins(),
            paper=fakes.FakePaper(),
            lending=fakes.FakeLending(),
        )
        self.window = MainWindow(
            till, clock.now, theme=self.theme, wording=wording, monotonic_ms=clock.monotonic_ms
        )
        self.customers = CustomerWindow(self.theme, wording)
        self.window.presenter.state_changed.connect(self.customers.show_state)
        self.window.show()
        self.window.activateWindow()
        self.customers.show()
        QApplication.processEvents()

    def do(self, *steps: Step) -> None:
        for step in steps:
            self.window.presenter.do(step)  # type: ignore[arg-type]

    @property
    def words(self) -> list[str]:
        """All that stands on the page, but for the ticket."""
        labels = self.customers.page.findChildren(QLabel)
        return [text for one in labels if (text := one.text().replace(NB, " "))]

    @property
    def amount(self) -> str:
        return self.customers.page.amount.text().replace(NB, " ")  # type: ignore[attr-defined]

    @property
    def ticket(self) -> list[str]:
        lines = self.customers.ticket.lines
        return [lines.spoken(at) for at in range(len(lines._rows))]


@pytest.fixture
def counter(qapp: QApplication) -> Iterator[Counter]:
    made = Counter()
    made.do(lambda till: till.log_in("9999"), lambda till: till.open_shift(10_000))
    yield made
    for window in (made.customers, made.window):
        window.close()
        window.deleteLater()


def test_a_till_that_waits_welcomes_and_one_without_anybody_is_closed(counter: Counter) -> None:
    assert counter.words == ["Harbour Street", "Welcome"]
    counter.do(lambda till: till.log_out())
    assert counter.words == ["Harbour Street", "This till is closed"]


def test_the_ticket_grows_with_the_line_just_scanned_and_the_total(counter: Counter) -> None:
    counter.do(lambda till: till.scan(f"3*{fakes.OAT_DRINK}"))
    assert counter.words == ["1 line", "Oat drink barista 1 L", "3 × 2.49 · 7.47", "Total"]
    assert counter.amount == "€ 7.47"
    counter.do(lambda till: till.scan("roll"))
    assert counter.words[1:3] == ["Sourdough roll", "0.90"]
    assert (len(counter.ticket), counter.amount) == (2, "€ 8.37")


def test_what_the_customer_saves_is_said(counter: Counter) -> None:
    counter.do(
        lambda till: till.scan(fakes.OAT_DRINK),
        lambda till: till.discount_line(percent_ppm=100_000, reason="Damaged"),
    )
    assert "You save € 0.25" in counter.words
    assert "Damaged" in counter.ticket[0]


def test_numbers_notes_and_ages_are_not_for_everybody_to_read(counter: Counter) -> None:
    counter.do(
        lambda till: till.scan("giftcard"),
        lambda till: till.answer(True, "50"),
        lambda till: till.answer(True, "6035710000001"),
        lambda till: till.note_line("for Eve"),
        lambda till: till.scan("beer"),
        lambda till: till.answer(True),
    )
    spoken = " ".join(counter.ticket)
    assert "Gift card" in spoken
    assert "VAT 19" in spoken
    for private in ("6035710000001", "Eve", "age", "giftcard"):
        assert private not in spoken


def test_paying_shows_what_is_due_what_is_open_and_the_change(counter: Counter) -> None:
    counter.do(lambda till: till.scan(fakes.OAT_DRINK), lambda till: till.start_tender())
    assert (counter.words[-1], counter.amount) == ("To pay", "€ 2.49")
    counter.do(lambda till: till.tender_cash(100))
    assert (counter.words[-1], counter.amount) == ("Still open", "€ 1.49")
    counter.do(lambda till: till.tender_cash(200))
    assert (counter.words[-1], counter.amount) == ("Change", "€ 0.51")
    counter.do(lambda till: till.finish_sale())
    assert counter.words == ["Change", "€ 2.49 to pay · € 3.00 received · thank you"]
    assert counter.amount == "€ 0.51"
    counter.do(lambda till: till.next_sale())
    assert counter.words == ["Harbour Street", "Welcome"]


def test_a_locked_till_shows_nothing_of_the_ticket(counter: Counter) -> None:
    counter.do(lambda till: till.scan(fakes.OAT_DRINK), lambda till: till.lock())
    assert counter.words == ["Harbour Street", "This till is closed"]
    assert counter.ticket == []


def test_it_takes_neither_focus_nor_keys_and_follows_the_theme(counter: Counter) -> None:
    assert counter.customers.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    parts = [counter.customers, *counter.customers.findChildren(QWidget)]
    assert {one.focusPolicy() for one in parts if not isinstance(one, QLabel)} == {Qt.FocusPolicy.NoFocus}
    type_text(counter.window, "oat")
    assert counter.window.sale.products.field.text() == "oat"
    counter.theme.use(DARK)
    assert DARK.ground in counter.customers.styleSheet()


@pytest.mark.parametrize("size", [(800, 480), (1024, 600), (1920, 1080)])
def test_the_whole_amount_is_there_on_small_monitors_and_large_ones(
    counter: Counter, size: tuple[int, int]
) -> None:
    counter.do(lambda till: till.scan(f"400*{fakes.WINE}"), lambda till: till.answer(True))
    counter.customers.resize(*size)
    QApplication.processEvents()
    assert (counter.customers.width(), counter.customers.height()) == size
    amount = counter.customers.ticket.amount
    assert counter.customers.rect().contains(
        amount.rect().translated(amount.mapTo(counter.customers, amount.rect().topLeft()))
    )


@pytest.mark.expects_log
def test_without_a_second_monitor_it_is_not_shown_and_that_is_said_once(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    screen, told = SecondScreen("auto"), []
    screen.on_change = lambda is_there, message: told.append((is_there, message))
    keeper = ScreenKeeper(counter.customers, counter.window, screen)
    keeper.place([counter.window.screen()])
    assert not counter.customers.isVisible()
    assert [is_there for is_there, _ in told] == [False]
    assert len([one for one in caplog.records if one.levelno == logging.WARNING]) == 1
    assert screen.state() == (False, told[0][1])


def test_an_ordinary_window_shows_it_where_there_is_one_monitor_only(counter: Counter) -> None:
    screen = SecondScreen("window")
    ScreenKeeper(counter.customers, counter.window, screen)
    assert counter.customers.isVisible()
    assert not counter.customers.isFullScreen()
    assert screen.state()[0]


_TWO_MONITORS = """
import logging, sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from hardware.displays.second_screen import SecondScreen
from pos_client.ui.application import Application
from pos_client.ui.example_shop import NOW, SALE, ShownTill
from pos_client.till.state import TillStatus
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s")
application = Application()
window = application.open(ShownTill(SALE), now=lambda: NOW, status=TillStatus, version=lambda: 1)
till = {one.name(): one for one in QGuiApplication.screens()}["TILL-1"]
window.setScreen(till)
window.move(till.geometry().topLeft())
QApplication.processEvents()
screen = SecondScreen(sys.argv[1])
screen.on_change = lambda is_there, message: print("told", is_there)
application.show_customer(window, screen)
customers, keeper = application._customer_window, application._screen_keeper
QApplication.processEvents()
def say(*more):
    print(customers.isVisible(), customers.screen().name(), customers.isFullScreen(), *more)
say(customers.geometry() == customers.screen().geometry())
keeper.place([till]); say()
keeper.place([till]); say()
keeper.place(QGuiApplication.screens()); say()
print(screen.state()[1])
QTimer.singleShot(0, window.close)
application.run()
print("ended")
"""


@pytest.mark.parametrize("wanted", ["auto", "CUST-1"])
def test_it_fills_the_second_monitor_goes_with_it_and_comes_back_with_it(tmp_path: Path, wanted: str) -> None:
    said = _on_two_monitors(tmp_path, wanted)
    assert said == [
        "INFO",
        "True CUST-1 True True",
        "WARNING",
        "told False",
        "False CUST-1 True",
        "False CUST-1 True",
        "INFO",
        "told True",
        "True CUST-1 True",
        "The customer's screen is on monitor CUST-1.",
        "ended",
    ]


def test_a_monitor_of_another_name_is_waited_for(tmp_path: Path) -> None:
    assert _on_two_monitors(tmp_path, "HDMI-9")[:2] == ["WARNING", "told False"]


def _on_two_monitors(folder: Path, wanted: str) -> list[str]:
    """A process of its own: Qt knows its monitors from the start on."""
    monitors = [
        {"name": name, "x": x, "y": 0, "width": width, "height": height}
        | {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        for name, x, width, height in (("TILL-1", 0, 1366, 768), ("CUST-1", 1366, 1024, 600))
    ]
    file = folder / "monitors.json"
    file.write_text(json.dumps({"synchronousWindowSystemEvents": False, "screens": monitors}))
    environment = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={file}"}
    done = subprocess.run(
        [sys.executable, "-c", _TWO_MONITORS, wanted],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line]
