"""A till with a card terminal, without a window: its session, its books, and the terminal's own thread.

As a program, `python -m tests.pos_client.card_till`, it rings up one ticket, asks the terminal, and stands there until
it is killed; it says `asked` once the intent is on disk. With a receipt's number and pieces it takes so many of
its first line back instead, with `end-of-day` it ends the terminal's day and says `sent`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from pos_client import settings as till_settings
from pos_client.bootstrap import OpenTill, open_till
from pos_client.settings import TillSettings
from pos_client.till.state import Phase, TillState
from tests.pos_client.ready_till import OAT_DRINK, PIN


class CardTill:
    """`with` opens it and logs somebody in; what the last run left is there again."""

    def __init__(self, settings: TillSettings, *, training: bool = False) -> None:
        self._settings = settings
        self._training = training

    def __enter__(self) -> CardTill:
        self.till: OpenTill = open_till(self._settings, training=self._training)
        self.till.cards._ask_again_s = 0.3
        self.till.start_workers()
        self.session = self.till.session
        if self.session.log_in(PIN).phase is Phase.NO_SHIFT:
            self.session.open_shift(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.till.close()

    def ring_up(self, pieces: int = 1) -> TillState:
        if self.session.state.phase is Phase.CHANGE:
            self.session.next_sale()
        self.session.scan(f"{pieces}*{OAT_DRINK}")
        return self.session.start_tender()

    def wait(self, until: Callable[[TillState], bool], seconds: float = 20) -> TillState:
        """Listens as the window does, until it has come to that."""
        end = time.monotonic() + seconds
        while not until(state := self.session.hear()):
            assert time.monotonic() < end, state
            time.sleep(0.02)
        return state

    def wait_for_the_terminal(self) -> TillState:
        """Until it is at work no more, or can't say."""
        return self.wait(lambda state: state.card is None or state.card.can_decide)

    def pay_by_card(self, pieces: int = 1) -> TillState:
        self.ring_up(pieces)
        self.session.tender_card()
        return self.wait_for_the_terminal()

    def take_back(self, receipt_number: str, pieces: int) -> TillState:
        """The receipt is open, and so much of its first line chosen."""
        self.session.start_refund(receipt_number)
        self.wait(lambda state: state.phase is Phase.REFUND)
        return self.session.take_back(0, pieces * 1000)

    def card_sales(self) -> list[str]:
        """Receipt numbers of the sales that a card paid."""
        sales = self.till.books.recent_sales()
        return [one.sale.receipt_number for one in sales if any(tender.card for tender in one.sale.tenders)]


def notice_of(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def main(words: list[str]) -> int:
    with CardTill(till_settings.read(os.environ)) as counter:
        if words == ["end-of-day"]:
            counter.session.end_card_day()
            counter.wait(lambda _: counter.till.cards.open_intents()[0].state == "sent")
            print("sent", flush=True)
        elif words:
            counter.take_back(words[0], int(words[1]))
            counter.session.give_money_back()
            counter.wait(lambda state: state.card is not None)
        else:
            counter.ring_up(5)
            counter.session.tender_card()
        print("asked", flush=True)
        while True:
            counter.session.hear()
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
