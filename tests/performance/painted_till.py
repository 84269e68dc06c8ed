"""The till as a process that says when it is painted, then leaves: `python -m tests.performance.painted_till`.

With the word `modules` it names instead what was loaded by then.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QEvent, QObject, QTimer

from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, run_window
from pos_client.ui.application import Application


class FirstPaint(QObject):
    def __init__(self, application: Application, modules: bool) -> None:
        super().__init__(application)
        self._application = application
        self._modules = modules

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            print(" ".join(sorted(sys.modules)) if self._modules else "painted", flush=True)
            QTimer.singleShot(0, self._application.leave)
        return False


def main(words: list[str]) -> int:
    def attend(application: Application, till: OpenTill) -> None:
        assert application.window is not None
        # Shown but not yet painted: that happens in the event loop.
        application.window.installEventFilter(FirstPaint(application, words == ["modules"]))
        application.window.update()

    return run_window(till_settings.read(os.environ), attend)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
