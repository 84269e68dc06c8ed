"""The days, months and years of a store: each adds up closings that are there, and names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from shared_models.closing import Closing, Part, Span, chain_name
from shared_models.closing_figures import combined
from sync_server.closings.calendar import (
    DAY,
    MONTH,
    YEAR,
    day_before,
    following,
    last_part,
    through,
    whole_of,
)
from sync_server.database import Database
from sync_server.evidence.statements import KeptClosing, Statements
from sync_server.ingest.applier import hold_still
from sync_server.ingest.sale_total import added_up

_SPANS: tuple[Span, ...] = (DAY, MONTH, YEAR)
_PART: dict[str, Span] = {MONTH: DAY, YEAR: MONTH}


class StorePeriods:
    """A day is closed when every till of the store has closed it, a month after its last day, a year after December."""

    def __init__(self, db: Database, statements: Statements) -> None:
        self._db = db
        self._statements = statements

    def close(self, store_id: str, is_going: Callable[[], bool]) -> int:
        """How many closings were made."""
        made = 0
        for span in _SPANS:
            with self._db.read() as tx:
                due = self._due(tx, store_id, span)
            for period in due:
                if not is_going():
                    return made
                with self._db.write() as tx:
                    hold_still(tx)
                    made += self._roll_up(tx, store_id, span, period)
        return made

    def follow(self, tx: Connection, store_id: str, day: str) -> None:
        """After a till's closing of that day: what adds it up is amended; what is not closed yet waits for its time."""
        period = day
        for span in _SPANS:
            first = self._statements.first_period(tx, _chain(store_id, span))
            is_closed = self._statements.newest(tx, _chain(store_id, span), period) is not None
            if not first or (not is_closed and period > first):
                return
            self._roll_up(tx, store_id, span, period)
            period = whole_of(period)

    def _due(self, tx: Connection, store_id: str, span: Span) -> list[str]:
        """What can be closed now, in order; periods from before the chain's begin come last."""
        parts = self._part_chains(tx, store_id, span)
        if not parts:
            return []
        chain = _chain(store_id, span)
        begun = self._statements.first_period(tx, chain)
        first = begun or min(_whole(span, self._statements.first_period(tx, part)) for part in parts)
        newest = self._statements.last_period(tx, chain)
        last = self._last_whole(tx, parts, span)
        dense = list(through(following(newest) if begun else first, last))
        if not begun and not dense:
            return []
        known = set(self._statements.periods(tx, chain))
        early = {_whole(span, one) for part in parts for one in self._statements.periods(tx, part)}
        return dense + sorted(period for period in early - known if period < first)

    def _last_whole(self, tx: Connection, parts: Iterable[str], span: Span) -> str:
        last = min(self._statements.last_period(tx, part) for part in parts)
        if span == DAY:
            return last
        whole = whole_of(last)
        return whole if last >= last_part(whole) else _before(whole)

    def _part_chains(self, tx: Connection, store_id: str, span: Span) -> list[str]:
        if span == DAY:
            return self._statements.chains(tx, store_id=store_id, scope="till")
        below = _chain(store_id, _PART[span])
        return [below] if self._statements.first_period(tx, below) else []

    def _roll_up(self, tx: Connection, store_id: str, span: Span, period: str) -> int:
        """1, or 0 where there is nothing to say that was not said."""
        found = list(self._parts(tx, store_id, span, period))
        parts = tuple(Part(one.closing.chain(), one.closing.number, one.seal.hash.hex()) for one in found)
        before = self._statements.newest(tx, _chain(store_id, span), period)
        if before is not None and before.closing.parts == parts:
            return 0
        days = [one.closing for one in found] if span == DAY else []
        draft = Closing(
            scope="store",
            scope_id=store_id,
            store_id=store_id,
            span=span,
            period=period,
            figures=combined(figures for one in found for figures in one.closing.figures),
            unclassified=added_up(money for one in days for money in one.unclassified),
            unclassified_refunds=added_up(money for one in days for money in one.unclassified_refunds),
            parts=parts,
        )
        self._statements.add(tx, draft)
        return 1

    def _parts(self, tx: Connection, store_id: str, span: Span, period: str) -> Iterable[KeptClosing]:
        """The newest closing of each part."""
        for chain in self._part_chains(tx, store_id, span):
            inside = [period] if span == DAY else self._statements.periods(tx, chain, f"{period}-")
            for one in inside:
                if (newest := self._statements.newest(tx, chain, one)) is not None:
                    yield newest


def _chain(store_id: str, span: str) -> str:
    return chain_name("store", store_id, span)


def _whole(span: str, part: str) -> str:
    return part if span == DAY else whole_of(part)


def _before(period: str) -> str:
    """The month or year before."""
    if len(period) == len("2026"):
        return f"{int(period) - 1:04d}"
    return whole_of(day_before(f"{period}-01"))
