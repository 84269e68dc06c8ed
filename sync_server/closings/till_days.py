"""The days of one till: a closing for each, in order, and another in its place when something came later."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from shared_models.closing import Closing, chain_name
from sync_server.closings.calendar import DAY, day_before, days_later, following, through, today
from sync_server.closings.day_figures import TillDay, till_day
from sync_server.closings.left_out_money import left_out_money
from sync_server.closings.reach import (
    Look,
    Reach,
    booked_days,
    extended,
    last_look,
    remember,
    still_to_be_booked,
)
from sync_server.closings.taken_in import taken_in
from sync_server.database import Database
from sync_server.evidence.statements import KeptClosing, Statements
from sync_server.ingest.applier import hold_still
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos

_MOST_PLANS = 20
_OLDEST_START_DAYS = 400
"""A date longer before the till was first heard of is a broken clock's: it is closed, but no chain begins there."""


class Place(NamedTuple):
    store_id: str
    till_id: str
    zone_min: int

    def chain(self) -> str:
        return chain_name("till", self.till_id, DAY)


class _Plan(NamedTuple):
    """What is to be done for a till: `days` in order, and what to remember when it is."""

    days: tuple[str, ...]
    now: Reach
    look: Look


class StillBooking(Exception):
    """Entries of the till are on their way into the books; its closings wait for them."""


Follow = Callable[[Connection, str, str], None]
"""Lets the store's closings follow, given the store and the day, in the same transaction."""


class TillDays:
    """One transaction per day, in which nothing else is booked: a closing is exact at its moment.

    A day that is over is never closed while something that came before is still in no closing of its own day.
    """

    def __init__(self, db: Database, statements: Statements, follow: Follow) -> None:
        self._db = db
        self._statements = statements
        self._follow = follow

    def close(self, till: Place, last_day: str, is_going: Callable[[], bool]) -> int:
        """How many closings were made; raises StillBooking.

        Until a till's chain has begun every look starts anew: what it sold on a day that is not over must not be
        forgotten by the time that it is.
        """
        with self._db.read() as tx:
            is_begun = bool(self._statements.first_period(tx, till.chain()))
            before = look = last_look(tx, till.till_id) if is_begun else Look()
        made = 0
        for _ in range(_MOST_PLANS):
            with self._db.read() as tx:
                plan = self._plan(tx, till, look, last_day)
            done, more = self._carry_out(till, plan, is_going)
            made += more
            if not is_going():
                return made
            if done == len(plan.days):
                if plan.look != before and (is_begun or made):
                    with self._db.write() as tx:
                        remember(tx, till.till_id, plan.look)
                return made
            look = Look(plan.now, tuple(sorted({*plan.days[done:], *plan.look.waiting})))
        raise StillBooking

    def _carry_out(self, till: Place, plan: _Plan, is_going: Callable[[], bool]) -> tuple[int, int]:
        """(days done, closings made). It stops where something came meanwhile, for that may be of a day before."""
        made = 0
        for done, day in enumerate(plan.days):
            if not is_going():
                return done, made
            with self._db.write() as tx:
                hold_still(tx)
                reach = extended(tx, till.till_id, plan.now)
                if still_to_be_booked(tx, reach):
                    raise StillBooking
                if reach != plan.now:
                    return done, made
                made += self._close_day(tx, till, day, reach)
        return len(plan.days), made

    def _plan(self, tx: Connection, till: Place, before: Look, last_day: str) -> _Plan:
        now = extended(tx, till.till_id, before.reach)
        chain = till.chain()
        first, newest = self._statements.first_period(tx, chain), self._statements.last_period(tx, chain)
        later = {*before.waiting, *booked_days(tx, before.reach, now)}
        if not first:
            first = _start(tx, till, {day for day in later if day <= last_day}, now, last_day)
            newest = day_before(first) if first else ""
        dense = through(following(newest), last_day) if first else ()
        due = sorted({*(day for day in later if day <= last_day), *dense})
        days = [day for day in due if day >= first] + [day for day in due if day < first]
        waiting = tuple(sorted(day for day in later if last_day < day <= newest))
        return _Plan(tuple(days), now, Look(now, waiting))

    def _close_day(self, tx: Connection, till: Place, day: str, reach: Reach) -> int:
        """1, or 0 where the figures are those that were said.

        What is in no figure is told as it is at this moment, of any day. So it amends nothing when a frame is set
        aside, or something comes that can't be booked: the till's next closing says it. What is booked at last is in
        a figure, and amends its day.
        """
        taken = taken_in(tx, till.till_id, reach.journals)
        found = till_day(tx, till.store_id, till.till_id, day, [one.event_id for one in taken])
        before = self._statements.newest(tx, till.chain(), day)
        if before is not None and _says(before) == found:
            return 0
        money = left_out_money(tx, till.till_id, reach, taken)
        draft = Closing(
            scope="till",
            scope_id=till.till_id,
            store_id=till.store_id,
            span=DAY,
            period=day,
            figures=found.figures,
            first_receipt=found.first_receipt,
            last_receipt=found.last_receipt,
            journals=reach.journals,
            left_out=money.left_out,
            unclassified=money.sales,
            unclassified_refunds=money.refunds,
            frames=money.frames,
        )
        self._statements.add(tx, draft)
        self._follow(tx, till.store_id, day)
        return 1


def _says(before: KeptClosing) -> TillDay:
    closing = before.closing
    return TillDay(closing.figures, closing.first_receipt, closing.last_receipt)


def _start(tx: Connection, till: Place, days: set[str], now: Reach, last_day: str) -> str:
    """The day that the till's chain begins with, empty while there is nothing to close.

    Where nothing could be booked, that is the last day that is over: money in no figure is of any day.
    """
    if not days:
        money = left_out_money(tx, till.till_id, now, taken_in(tx, till.till_id, now.journals))
        return last_day if money.sales or money.refunds else ""
    heard_of = _first_heard_of(tx, till) or last_day
    oldest = days_later(heard_of, -_OLDEST_START_DAYS)
    return min((day for day in days if day >= oldest), default=heard_of)


def _first_heard_of(tx: Connection, till: Place) -> str:
    """Empty where its first entry has no body here."""
    query = select(func.min(ingest_log.c.received_at_ms))
    query = query.join(ingest_pos, ingest_pos.c.ingest_id == ingest_log.c.ingest_id)
    query = query.join(incarnation, incarnation.c.incarnation == ingest_pos.c.incarnation)
    at_ms = tx.scalar(query.where(incarnation.c.till_id == till.till_id, ingest_pos.c.seq == 1))
    return today(at_ms, till.zone_min) if at_ms is not None else ""
