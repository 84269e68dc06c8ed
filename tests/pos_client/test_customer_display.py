"""A till with a line display: its own database, its window, and a display made of software on the network."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from hardware.displays.virtual import VirtualDisplay
from pos_client.bootstrap import OpenTill, open_till
from pos_client.till.intents import Till
from pos_client.till.state import TillState
from pos_client.ui.application import Application
from tests.pos_client.ready_till import OAT_DRINK, PIN, ready


class Counter:
    """The till as `run_window` puts it together, driven by the test instead of by Qt's loop."""

    def __init__(self, till: OpenTill) -> None:
        self.application = Application()
        self.window = self.application.open(
            till.session, now=till.clock.now, status=till.status_line.now, version=till.catalogue_version
        )
        assert till.display is not None
        self.application.face_customer(self.window, till.display.show)

    def do(self, action: Callable[[Till], TillState]) -> None:
        self.window.presenter.do(action)


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    with VirtualDisplay(port=0) as made:
        yield made


@pytest.fixture
def counter(
    tmp_path: Path, display: VirtualDisplay, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    address = f"escpos+tcp://127.0.0.1:{display.port}"
    with open_till(msgspec.structs.replace(ready(tmp_path / "till"), display=address)) as till:
        till.start_workers()
        made = Counter(till)
        yield made
        made.application._tick.stop()
        made.window.close()
        made.window.deleteLater()
        qapp.processEvents()


@pytest.mark.expects_log
def test_the_customer_follows_a_sale_and_a_display_that_is_gone_slows_nothing(
    counter: Counter, display: VirtualDisplay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hardware.displays.wired")

    def levels() -> list[str]:
        return [one.levelname for one in caplog.records if one.name == "hardware.displays.wired"]

    def shows(upper: str, lower: str) -> None:
        display.wait_for(lambda lines: lines[0].startswith(upper) and lines[1].startswith(lower))

    shows("Corner", "This till is closed")
    counter.do(lambda till: till.log_in(PIN))
    counter.do(lambda till: till.open_shift(0))
    shows("Corner", "Welcome")
    counter.do(lambda till: till.scan(OAT_DRINK))
    shows("Oat drink       2.49", "Total         € 2.49")
    display.go_away()
    until(lambda: levels()[-1:] == ["WARNING"])
    began = time.monotonic()
    for _ in range(5):
        counter.do(lambda till: till.scan(OAT_DRINK))
    assert time.monotonic() - began < 0.5
    display.come_back()
    shows("6 Oat drink    14.94", "Total        € 14.94")
    counter.do(lambda till: till.start_tender())
    shows("To pay       € 14.94", "")
    counter.do(lambda till: till.tender_cash(2000))
    counter.do(lambda till: till.finish_sale())
    shows("Paid         € 20.00", "Change        € 5.06")
    assert display.unknown == 0
    assert levels()[-2:] == ["WARNING", "INFO"]
    assert levels().count("WARNING") == 1


def until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end
        time.sleep(0.02)
