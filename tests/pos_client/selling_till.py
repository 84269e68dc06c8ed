"""The whole till in its window, in a process of its own, selling by itself: `python -m tests.pos_client.selling_till`.

Without a word it sells a little and leaves; with `forever` it sells until it is killed and says each receipt's
number after its commit; with `wait` it only stands there until a line comes on standard input.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QTimer

from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, run_window
from pos_client.till.state import Phase
from pos_client.ui.application import Application
from tests.pos_client.ready_till import OAT_DRINK, PIN

SALES_BY_COMMAND = 3


def open_shop(till: OpenTill) -> None:
    """Whatever the last run left: logged in, with an open shift and nothing on the counter."""
    session = till.session
    state = session.log_in(PIN)
    if state.phase == Phase.NO_SHIFT:
        state = session.open_shift(0)
    if state.phase == Phase.TENDER:
        state = session.back_to_sale()
    assert state.phase == Phase.SALE, state


def sell_one(till: OpenTill) -> str:
    session = till.session
    if not session.state.lines:
        session.scan(OAT_DRINK)
        session.scan(f"3*{OAT_DRINK}")
    due = session.start_tender().tender
    assert due is not None, session.state
    session.tender_cash(due.due_minor + 51)
    done = session.finish_sale().done
    assert done is not None, session.state
    session.next_sale()
    return done.receipt_number


def main(words: list[str]) -> int:
    made: list[str] = []

    def attend(application: Application, till: OpenTill) -> None:
        if words == ["wait"]:
            print("standing", flush=True)
            QTimer.singleShot(0, lambda: (sys.stdin.readline(), application.leave()))
            return
        open_shop(till)
        timer = QTimer(application)

        def turn() -> None:
            made.append(sell_one(till))
            print(made[-1], flush=True)
            if not words and len(made) == SALES_BY_COMMAND:
                application.leave()

        timer.timeout.connect(turn)
        timer.start(40)

    return run_window(till_settings.read(os.environ), attend)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
