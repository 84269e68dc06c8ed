"""Fingers and scanners at the window: keys with the time that each needs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest

from hardware.scanners.simulator import USUAL_SCANNER_GAPS_MS
from hardware.scanners.wedge import WedgeSettings
from pos_client.ui.main_window import MainWindow

NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def until_known(window: MainWindow) -> None:
    """Until the till has made up its mind who pressed the keys."""
    for _ in range(1000):
        if not window.holds_keys:
            return
        QTest.qWait(5)
    raise AssertionError("the till still holds keys back")


def press(window: MainWindow, *keys: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    """Each key by itself, as a finger presses it: not in the moment in which a scanner has ended."""
    QTest.qWait(WedgeSettings().max_gap_ms + 5)
    for key in keys:
        QTest.keyClick(window.windowHandle(), key, modifier)
        until_known(window)


def type_text(window: MainWindow, text: str) -> None:
    for character in text:
        QTest.keyClick(window.windowHandle(), character)
        until_known(window)


_stamp_ms = 1


def scan(
    window: MainWindow,
    code: str,
    gaps_ms: Sequence[int] = USUAL_SCANNER_GAPS_MS,
    end: str = "\r",
) -> None:
    """As a scanner that poses as a keyboard, each key stamped by the window system."""
    global _stamp_ms
    _stamp_ms += 1000
    for place, character in enumerate(code + end):
        _stamp_ms += gaps_ms[place % len(gaps_ms)]
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.sendEvent(window.windowHandle(), key_event(kind, character, _stamp_ms))


def key_event(kind: QEvent.Type, character: str, stamp_ms: int) -> QKeyEvent:
    """What the window system makes of a character: control characters come as Ctrl and a letter."""
    named = {
        "\r": Qt.Key.Key_Return,
        "\t": Qt.Key.Key_Tab,
        "\x1b": Qt.Key.Key_Escape,
        "\x7f": Qt.Key.Key_Delete,
    }
    if character in named:
        event = QKeyEvent(kind, named[character], NONE, character)
    elif character < " ":
        event = QKeyEvent(kind, Qt.Key(ord(character) + 0x40), CTRL, character)
    else:
        event = QKeyEvent(kind, Qt.Key(ord(character.upper())), NONE, character)
    event.setTimestamp(stamp_ms)
    return event
