"""A till that is busy for a moment still takes a scan as one scan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from hardware.scanners.base import Scan, ScanOutcome
from hardware.scanners.wedge import WedgeDecoder
from pos_client.ui.wedge_filter import KeyClock, WedgeFilter

CODE = "4006381333931"


class Watched:
    """A window with the filter on it, and a hand on the clock by which the till looks at keys."""

    def __init__(self, qtbot: QtBot) -> None:
        self.looked_ms = 1000
        self.scans: list[ScanOutcome] = []
        self.typed: list[str] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        handle = self.window.windowHandle()
        assert handle is not None
        self.handle = handle
        self.filter = WedgeFilter(
            WedgeDecoder(),
            self._pressed,
            self.scans.append,
            lambda: None,
            self.window,
            lambda: self.looked_ms,
        )
        self.filter.watch(handle)

    def key(self, character: str, stamp_ms: int) -> None:
        code = Qt.Key.Key_Return if character == "\r" else Qt.Key(ord(character))
        event = QKeyEvent(QEvent.Type.KeyPress, code, Qt.KeyboardModifier.NoModifier, character)
        event.setTimestamp(stamp_ms)
        QCoreApplication.sendEvent(self.handle, event)

    def _pressed(self, event: QKeyEvent) -> bool:
        self.typed.append(event.text())
        return True


@pytest.fixture
def watched(qtbot: QtBot) -> Watched:
    return Watched(qtbot)


def test_a_scan_that_the_till_looks_at_late_is_one_scan(watched: Watched) -> None:
    for place, character in enumerate(CODE + "\r"):
        watched.looked_ms += 400 if place == 5 else 0  # something else took the till's time
        watched.key(character, 5000 + 5 * place)
    assert [scan.text for scan in watched.scans if isinstance(scan, Scan)] == [CODE]
    assert watched.typed == []


def test_a_person_who_types_while_the_till_is_busy_has_not_scanned(watched: Watched, qtbot: QtBot) -> None:
    for place, character in enumerate("20000000"):
        watched.key(character, 5000 + 120 * place)  # all looked at in the same moment
    watched.looked_ms += 200
    qtbot.waitUntil(lambda: "".join(watched.typed) == "20000000")
    assert watched.scans == []


def test_stamps_that_make_no_sense_give_way_to_the_time_of_looking() -> None:
    looked = 100
    clock = KeyClock(lambda: looked)
    first = clock.pressed_ms(0)
    looked = 130
    assert clock.pressed_ms(0) - first == 30
    looked = 150
    assert clock.pressed_ms(777) - first == 50
    looked = 160
    assert clock.pressed_ms(5) - first == 60  # a stamp from before


@given(st.integers(0, (1 << 32) - 1), st.integers(1, 50))
def test_the_stamps_may_start_over(stamp: int, step: int) -> None:
    looked = 0
    clock = KeyClock(lambda: looked)
    at = clock.pressed_ms(stamp or 1)
    looked = 1000
    following = ((stamp or 1) + step) % (1 << 32)
    if following:
        assert clock.pressed_ms(following) - at == step
