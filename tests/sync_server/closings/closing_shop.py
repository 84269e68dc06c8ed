"""A shop whose days are closed: tills that sell on given dates, and the closings as head office asks for them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Litestar

from shared_models import wire
from shared_models.closing import Closing
from shared_models.closing_figures import Figures
from shared_models.journal import Entry
from shared_models.sale import SalePosted
from sync_server.database import Database
from sync_server.evidence.statements import KeptClosing
from sync_server.recovery.journal_archive import archive
from sync_server.reports.unclassified import not_booked
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.leases.lending_shop import refunded
from tests.sync_server.made_up_days import a_line, a_sale
from verifier.archive import check_archive

STORE = "03"


def at_ms(text: str) -> int:
    """2026-11-22 05:00, in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class ClosingShop:
    """Store 03. A till's number is its place in `tills`, from 1."""

    def __init__(
        self, app: Litestar, database: Database, client: Client, clock: Clock, tills: int = 2
    ) -> None:
        self.database = database
        self.clock = clock
        self.services: Services = app.state.services
        open_store(app, database, tills)
        self.tills = [enrolled_till(app, database, client, number) for number in range(1, tills + 1)]
        self._receipts = 0
        clock.now = at_ms("2026-11-18 06:00")

    def till(self, number: int) -> ATill:
        return self.tills[number - 1]

    def sell(
        self, day: str, price: int = 119, till: int = 1, *, push: bool = True, **changes: Any
    ) -> SalePosted:
        self._receipts += 1
        values = {"business_date": day, **changes}
        sale = a_sale(self._receipts, a_line(price=price), till=f"{STORE}-{till}", **values)
        self.till(till).record(sale, at_ms=at_ms(f"{day} 12:00") + self._receipts)
        if push:
            self.send(till)
        return sale

    def refund(self, sale: SalePosted, day: str, till: int = 1) -> None:
        fact = refunded(sale, (1, 1, 0), till=f"{STORE}-{till}", business_date=day)
        self.till(till).record(fact, at_ms=at_ms(f"{day} 13:00"))
        self.send(till)

    def send(self, till: int = 1) -> None:
        assert self.till(till).log_in().status_code == 200
        self.till(till).push()
        self.services.applier.drain()

    def came_raw(self, entry: Entry, till: int = 1) -> str:
        """The id of its frame."""
        frame = wire.pack(self.till(till).batch(entry.seq, entry.seq))
        assert self.till(till).log_in().status_code == 200
        assert self.till(till).send_raw(frame).status_code in (200, 202)
        return sha256(frame).hexdigest()

    def take_in(self, frame_id: str) -> str:
        """As a person does who has it tried again; its id."""
        self.services.ingest.retry(frame_id, "Ada")
        self.services.applier.drain()
        return frame_id

    def night_after(self, day: str) -> None:
        """Five in the morning of the day after; the schedule closes what is over."""
        self.clock.now = at_ms(f"{day} 05:00") + 86_400_000
        self.services.closings.close_due()

    def closings(self, chain: str) -> list[KeptClosing]:
        """In the order of their chain."""
        scope, name, span = chain.split("/")
        till_id = name if scope == "till" else ""
        with self.database.read() as tx:
            rows = self.services.statements.closings(tx, scope=scope, span=span, till_id=till_id, limit=1000)
        return list(reversed(rows))

    def periods(self, chain: str) -> list[tuple[str, int]]:
        """(period, number of what it amends), in the order of the chain."""
        return [(one.closing.period, one.closing.amends) for one in self.closings(chain)]

    def newest(self, chain: str, period: str) -> Closing:
        with self.database.read() as tx:
            found = self.services.statements.newest(tx, chain, period)
        assert found is not None, f"{period} of {chain} is not closed"
        return found.closing


def assert_an_auditor_finds_no_fault(shop: ClosingShop, folder: Path) -> None:
    archive(shop.database, shop.services.tills.key_of, folder)
    assert check_archive(folder, set(), set()).faults == ()


def assert_an_auditor_agrees(shop: ClosingShop, folder: Path) -> None:
    """The archive has no fault, and the newest closing says the same of money in no figure as the live report."""
    assert_an_auditor_finds_no_fault(shop, folder)
    with shop.database.read() as tx:
        live = not_booked(tx, STORE)
    newest = shop.closings(f"store/{STORE}/day")[-1].closing
    said = (list(newest.unclassified), list(newest.unclassified_refunds))
    assert said == (live.sales, live.refunds)


def only(figures: tuple[Figures, ...]) -> Figures:
    (one,) = figures
    return one
