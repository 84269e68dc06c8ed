"""The whole till in its window, in a process of its own, printing one label on the printer made of software:
`python -m tests.pos_client.labelling_till PICTURE` leaves what its window shows there, and closes the till's own alone.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel

from hardware.labels.on_the_counter import KIND
from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, run_window
from pos_client.ui.application import Application
from tests.pos_client.ready_till import OAT_DRINK


def main(words: list[str]) -> int:
    [picture] = words

    def attend(application: Application, till: OpenTill) -> None:
        assert till.labels is not None
        offer = till.labels.by_scan(OAT_DRINK)
        assert offer is not None
        print(till.labels.print([(offer, 1)]).message)
        timer = QTimer(application)

        def turn() -> None:
            labels, window, devices = application._labels, application.window, till.desk.devices()
            assert labels is not None
            assert window is not None
            if not labels.count or not devices:
                return
            timer.stop()
            print([device.look().message for device in devices if device.kind == KIND])
            shown = next(one for one in labels.findChildren(QLabel) if one.accessibleName())
            print(shown.accessibleName())
            assert shown.pixmap().save(picture)
            window.close()

        timer.timeout.connect(turn)
        timer.start(40)

    return run_window(till_settings.read(os.environ), attend)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
