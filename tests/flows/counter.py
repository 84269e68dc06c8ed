"""A whole till at a counter, as its program puts it together, with a line to the server that can be cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Condition

from pos_client import bootstrap, chores
from pos_client.bootstrap import OpenTill
from pos_client.settings import TillSettings
from pos_client.till.session import TillSession
from pos_client.till.state import ParkedView, Phase, TillState
from tests.flows.chaos_proxy import ChaosProxy
from tests.flows.served_shop import ServedShop

PIN = "2749"


class Counter:
    """Somebody is logged in and a shift is open. `line` is the till's own way to the server."""

    def __init__(self, folder: Path, shop: ServedShop, till_id: str) -> None:
        self.line = ChaosProxy(shop.address, aim=b"POST /lease")
        self._settings = TillSettings(data_dir=folder, server_url=self.line.url, printer="", keyring=False)
        folder.mkdir(parents=True)
        chores.enrol(self._settings, shop.code(till_id))
        self._changed = Condition()
        self.open()

    def open(self) -> None:
        self.till: OpenTill = bootstrap.open_till(self._settings)
        self.till.lender.on_answer = self._notify
        self.till.start_workers()
        self.wait(lambda: self.session.state.phase is not Phase.WAITING)
        if self.session.log_in(PIN).phase is Phase.NO_SHIFT:
            self.session.open_shift(10_000)
        assert self.session.state.phase is Phase.SALE, self.session.state.notice

    @property
    def session(self) -> TillSession:
        return self.till.session

    @property
    def notice(self) -> str:
        notice = self.session.state.notice
        return notice.words.code if notice else ""

    def sell(self, *codes: str) -> str:
        """For cash; the receipt's number."""
        self.ring_up(*codes)
        tender = self.session.state.tender
        assert tender is not None, self.session.state.notice
        self.session.tender_cash(tender.due_minor)
        return self.finish()

    def ring_up(self, *codes: str) -> None:
        for code in codes:
            self.session.scan(code)
        self.session.start_tender()

    def finish(self) -> str:
        done = self.session.finish_sale().done
        assert self.session.state.phase is Phase.CHANGE, self.session.state.notice
        assert done is not None
        self.till.wake_sync()
        return done.receipt_number

    def hear(self) -> TillState:
        """Until the till no longer waits for the server."""

        def heard() -> bool:
            self.session.hear()
            return not self.session.is_waiting

        self.wait(heard)
        return self.session.state

    def refund(self, receipt_number: str) -> TillState:
        """Everything that is left of it."""
        self.session.start_refund(receipt_number)
        if self.hear().phase is Phase.REFUND:
            self.session.take_all_back()
            self.session.give_money_back()
            self.hear()
            self.till.wake_sync()
        return self.session.state

    def pay_by_card(self, card: str) -> TillState:
        self.session.tender_gift(card)
        return self.hear()

    def park(self, label: str, *codes: str) -> None:
        for code in codes:
            self.session.scan(code)
        self.session.park(label)
        assert self.notice == "parked"
        self.till.wake_sync()

    def look(self) -> tuple[ParkedView, ...]:
        """What is parked in the store, as far as it can be known."""
        self.session.look_at_parked()
        self.hear()
        return self.session.state.parked

    def wait_until_all_is_sent(self) -> None:
        """The window wakes the sync when there is something new; here nobody looks."""
        self.till.wake_sync()
        self.wait(lambda: self.till.books.unsent().entries == 0)

    def wait(self, until: Callable[[], bool], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, (self.session.state, self.till.status_line.now())
            with self._changed:
                self._changed.wait(0.05)

    def die(self) -> None:
        """The power goes: nobody is told anything any more."""
        self.line.cut_line()
        self.till.close()

    def close(self) -> None:
        self.till.close()
        self.line.stop()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
