"""The product's till without its window, and a robot at the counter: `python -m tests.chaos.robot_till FOLDER`.

In FOLDER `paid.txt` gets a line for every sale that the till showed as paid; while `closed` lies there nothing is sold.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, open_till
from pos_client.till.state import Phase, TillState

PIN = "2749"
PAID = "paid.txt"
CLOSED = "closed"
_LONGEST_PAUSE_S = 0.9


class CanNotSell(Exception):
    """The till shows something that a cashier can't sell with."""


class Robot:
    """`paid` is written whole and at once, so that a kill never leaves half a line."""

    def __init__(self, till: OpenTill, folder: Path, barcodes: Sequence[str]) -> None:
        self._till = till
        self._session = till.session
        self._closed = folder / CLOSED
        self._barcodes = barcodes
        self._chance = random.Random()
        self._paid = os.open(folder / PAID, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def work(self, leaving: Event) -> None:
        has_begun = False
        while not leaving.wait(self._chance.uniform(0.05, _LONGEST_PAUSE_S)):
            if self._closed.exists() or self._session.state.phase is Phase.WAITING:
                continue
            if not has_begun:
                self._begin()
                has_begun = True
            self._sell()

    def _begin(self) -> None:
        state = self._session.log_in(PIN)
        if state.phase is Phase.NO_SHIFT:
            state = self._session.open_shift(15_000)
        if state.phase is Phase.TENDER:
            state = self._session.back_to_sale()
        _expect(Phase.SALE, state)
        self._till.wake_sync()

    def _sell(self) -> None:
        for _ in range(self._chance.randint(1, 4)):
            _expect(Phase.SALE, self._session.scan(self._chance.choice(self._barcodes)))
        tender = self._session.start_tender().tender
        if tender is None:
            raise CanNotSell(f"no payment can be started: {self._session.state}")
        self._session.tender_cash(tender.due_minor + self._chance.choice((0, 1, 50)))
        done = self._session.finish_sale().done
        if done is None:
            raise CanNotSell(f"the sale is not finished: {self._session.state}")
        sale = self._till.books.recent_sales(1)[0].sale
        assert sale.receipt_number == done.receipt_number
        os.write(self._paid, f"{sale.sale_id} {done.receipt_number} {done.total_minor}\n".encode())
        self._till.wake_sync()
        _expect(Phase.SALE, self._session.next_sale())


def _expect(phase: Phase, state: TillState) -> None:
    if state.phase is not phase:
        raise CanNotSell(f"the till shows {state}")


def main(words: Sequence[str]) -> int:
    folder, barcodes = Path(words[0]), words[1:]
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    leaving = Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    with open_till(till_settings.read(os.environ)) as till:
        till.start_workers()
        Robot(till, folder, barcodes).work(leaving)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
