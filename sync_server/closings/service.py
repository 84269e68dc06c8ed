"""Closing what is over: by the schedule, and when somebody asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, func, select

from shared_models.moment import day_begins_ms
from sync_server.closings.calendar import day_before, days_between, days_later, last_day_over, today
from sync_server.closings.roots import DailyRoots
from sync_server.closings.store_periods import StorePeriods
from sync_server.closings.till_days import Place, StillBooking, TillDays
from sync_server.database import Database
from sync_server.errors import Conflict, Invalid
from sync_server.evidence.statements import Statements
from sync_server.findings import Finding, Inbox
from sync_server.ingest.tables import quarantine
from sync_server.leases.tables import refund
from sync_server.ports import NowMs
from sync_server.sales.service import SalesService
from sync_server.sales.tables import sale
from sync_server.stores.service import StoreService

QUIET_DAYS = 31
"""Where a store sent nothing for longer, the server's clock may be wrong: a person has to say that it is not."""
_MANY = 1_000_000
_log = logging.getLogger(__name__)


def _always() -> bool:
    return True


class ClosingService:
    def __init__(
        self,
        db: Database,
        statements: Statements,
        stores: StoreService,
        sales: SalesService,
        inbox: Inbox,
        now_ms: NowMs,
    ) -> None:
        self._db = db
        self._stores = stores
        self._sales = sales
        self._inbox = inbox
        self._now_ms = now_ms
        self._periods = StorePeriods(db, statements)
        self._till_days = TillDays(db, statements, self._periods.follow)
        self._roots = DailyRoots(db, statements, now_ms)

    def close_due(self, is_going: Callable[[], bool] = _always) -> None:
        """Everything that is over, in every store. What has to wait for a moment is done the next time."""
        with self._db.read() as tx:
            store_ids = self._stores.store_ids(tx)
        for store_id in store_ids:
            if is_going():
                self._close_store(store_id, is_going)
        if is_going():
            self._roots.make()

    def close_now(self, store_id: str, day: str = "") -> int:
        """How many closings were made for the store through `day`, which may be today; else through yesterday.

        What comes later amends them. Raises Invalid for a day to come, Conflict while entries are being booked.
        """
        with self._db.read() as tx:
            self._stores.store(tx, store_id)
            now = today(self._now_ms(), self.zone(tx, store_id))
        last_day = day or day_before(now)
        if not _is_day(last_day) or last_day > now:
            raise Invalid(f"A day that can be closed is {now} or before, written like that.")
        made, waiting = self._close_tills(store_id, last_day, _always)
        if waiting:
            tills = ", ".join(waiting)
            raise Conflict(f"Entries of {tills} are being booked at this moment. Try again in a few seconds.")
        return made + self._periods.close(store_id, _always)

    def zone(self, tx: Connection, store_id: str) -> int:
        """Minutes that the store's clock is ahead of UTC: as set, else as its tills say."""
        set_to = self._stores.store(tx, store_id).utc_offset_min
        return self._sales.newest_zone(tx, store_id) if set_to is None else set_to

    def _close_store(self, store_id: str, is_going: Callable[[], bool]) -> None:
        with self._db.read() as tx:
            zone = self.zone(tx, store_id)
            over = last_day_over(self._now_ms(), zone)
            booked = _newest_day(tx, store_id, over)
            newest = booked or _newest_in_quarantine(tx, store_id, over, zone)
        if not newest:
            return
        last_day = min(over, days_later(newest, QUIET_DAYS))
        made, waiting = self._close_tills(store_id, last_day, is_going)
        if last_day < over and (booked or made):
            self._ask_about_the_clock(store_id, newest, over)
        if waiting:
            _log.info("closings of %s wait until its entries are booked", ", ".join(waiting))
        self._periods.close(store_id, is_going)

    def _close_tills(
        self, store_id: str, last_day: str, is_going: Callable[[], bool]
    ) -> tuple[int, list[str]]:
        """(closings made, tills that have to wait)"""
        with self._db.read() as tx:
            zone = self.zone(tx, store_id)
            tills = [one.till_id for one in self._stores.tills(tx, store_id, None, _MANY)]
        made, waiting = 0, []
        for till_id in tills:
            try:
                made += self._till_days.close(Place(store_id, till_id, zone), last_day, is_going)
            except StillBooking:
                waiting.append(till_id)
        return made, waiting

    def _ask_about_the_clock(self, store_id: str, newest: str, over: str) -> None:
        sentence = (
            f"By the server's clock {over} is over, but the last that came of store {store_id} is of {newest}. "
            f"Its days are closed through {days_later(newest, QUIET_DAYS)}. If the clock is right, close the rest "
            "by hand."
        )
        key = f"closings_wait|{store_id}|{newest}"
        refs = {"store": store_id, "day": newest, "days": str(days_between(newest, over))}
        finding = Finding(key=key, kind="closings_wait", sentence=sentence, store_id=store_id, refs=refs)
        with self._db.write() as tx:
            self._inbox.raise_many(tx, [finding])


def _newest_day(tx: Connection, store_id: str, last_day: str) -> str:
    """The store's newest business date, of those that are over; empty before the first."""
    found = [""]
    for table in (sale, refund):
        mine = (table.c.store_id == store_id) & (table.c.business_date <= last_day)
        found.append(tx.scalar(select(func.max(table.c.business_date)).where(mine)) or "")
    return max(found)


def _newest_in_quarantine(tx: Connection, store_id: str, last_day: str, zone_min: int) -> str:
    """The newest of these days on which something came that could not be booked: a closing may have to name it."""
    at_ms = tx.scalar(
        select(func.max(quarantine.c.at_ms)).where(
            quarantine.c.store_id == store_id,
            quarantine.c.at_ms < day_begins_ms(days_later(last_day, 1), zone_min),
        )
    )
    return "" if at_ms is None else today(at_ms, zone_min)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
