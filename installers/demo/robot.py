"""The demo's cashier: a real till in its real window, worked by key events that come as lines on standard input.

One JSON object a line goes in, one comes out when it is done; `till_process.TillProcess` is the other end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, run_window
from pos_client.ui.application import Application
from pos_client.ui.labels_panel import LabelsPanel
from pos_client.ui.main_window import MainWindow
from shared_models.errors import ShopError

TYPING_MS, SCANNING_MS = 45, 4
"""Between the keys of a person, and of a scanner."""
_PATIENCE_S = 5.0
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Robot(QObject):
    def __init__(self, application: Application, till: OpenTill) -> None:
        super().__init__()
        assert application.window is not None
        self._application = application
        self._window: MainWindow = application.window
        self._till = till
        self._rest = b""
        self._stamp_ms = time.monotonic_ns() // 1_000_000
        self._actions: dict[str, Callable[[Any], None]] = {
            "press": self._press,
            "type": self._type,
            "scan": self._scan,
            "picture": self._picture,
            "look": lambda nothing: None,
            "leave": lambda nothing: application.leave(),
        }
        self._orders = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._orders.activated.connect(self._hear)
        self._window.activateWindow()
        self._answer()

    def _hear(self) -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self._window.close()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for action, argument in json.loads(line).items():
                self._actions[action](argument)
            self._answer()

    def _press(self, keys: list[str]) -> None:
        for key in keys:
            QTest.qWait(5)
            held, _, name = key.rpartition("+")
            modifier = Qt.KeyboardModifier.ControlModifier if held == "Ctrl" else _NO_MODIFIER
            self._key(getattr(Qt.Key, f"Key_{name}"), name if name.isdigit() else "", TYPING_MS, modifier)
        self._until_delivered()

    def _type(self, text: str) -> None:
        for character in text:
            QTest.qWait(TYPING_MS)
            self._key(_key_of(character), character, TYPING_MS)
        self._until_delivered()

    def _until_delivered(self) -> None:
        """The window holds each key until it knows who pressed it, and longer while the machine is busy."""
        QTest.qWait(TYPING_MS)
        end = time.monotonic() + _PATIENCE_S
        while self._window.holds_keys and time.monotonic() < end:
            QTest.qWait(5)

    def _scan(self, code: str) -> None:
        for place, character in enumerate(code + "\r"):
            self._key(_key_of(character), character, SCANNING_MS if place else TYPING_MS)
        QTest.qWait(TYPING_MS)

    def _key(
        self, key: Qt.Key, character: str, after_ms: int, modifier: Qt.KeyboardModifier = _NO_MODIFIER
    ) -> None:
        """Stamped as a window system stamps keys, so that a busy machine makes neither finger nor scanner slower."""
        self._stamp_ms += after_ms
        if after_ms == TYPING_MS:
            self._stamp_ms = max(self._stamp_ms, time.monotonic_ns() // 1_000_000)
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, modifier, character)
            event.setTimestamp(self._stamp_ms)
            QCoreApplication.sendEvent(self._handle(), event)

    def _picture(self, path: str) -> None:
        QTest.qWait(TYPING_MS)
        widget: QWidget = self._window
        widget.grab().save(path)

    def _handle(self) -> Any:
        return self._window.windowHandle()

    def _answer(self) -> None:
        """What a cashier sees, in numbers."""
        self._application.look()
        state, status = self._till.session.state, self._till.status_line.now()
        panel = self._window.host.panel
        labels = panel if isinstance(panel, LabelsPanel) else None
        seen = {
            "phase": state.phase.value,
            "lines": len(state.lines),
            "last_price_minor": state.lines[-1].unit_price_minor if state.lines else None,
            "to_pay_minor": state.to_pay_minor,
            "due_minor": state.tender.due_minor if state.tender else None,
            "sale_name": state.sale_name,
            "receipt": state.done.receipt_number if state.done else None,
            "panel": type(panel).__name__ if panel else None,
            "labels": labels.count if labels else None,
            "labels_said": labels.said.text() if labels else None,
            "saying": self._window.notice.text,
            "question": state.question.words.code if state.question else None,
            "can_weigh": state.weighing is not None and state.weighing.can_take,
            "notice": state.notice.words.code if state.notice else None,
            "expected_minor": state.count.expected_minor if state.count else None,
            "z_gross_minor": state.z_report.totals.gross_minor if state.z_report else None,
            "online": status.online,
            "unsent": status.unsent_entries,
            "catalogue": [position.ver for position in self._till.catalogue.positions()],
            "printer": status.printer_message,
        }
        print(json.dumps(seen), flush=True)


def _key_of(character: str) -> Qt.Key:
    return Qt.Key.Key_Return if character == "\r" else Qt.Key(ord(character.upper()))


def main() -> int:
    robots: list[Robot] = []
    try:
        settings = till_settings.read(os.environ)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return run_window(settings, lambda application, till: robots.append(Robot(application, till)))
    except ShopError as reason:
        print(reason.message, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
