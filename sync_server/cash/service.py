"""Shifts and cash: recorded as the tills stated them; what a Z report said is never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select

from shared_models.cash import CashMoved, DrawerCounted, DrawerOpened, ShiftClosed, ShiftOpened
from sync_server.bulk_rows import insert_rows, unrecorded
from sync_server.cash.tables import cash_movement, drawer_count, drawer_opening, shift_closing, shift_opening
from sync_server.errors import NotFound
from sync_server.ingest_entry import RecordedEntry

RowMaker = Callable[[RecordedEntry], tuple[object, ...]]


class ShiftHead(msgspec.Struct, frozen=True, kw_only=True):
    """A shift in a list; closed when its Z report is here."""

    shift_id: str
    number: int
    store_id: str
    till_id: str
    operator_name: str
    business_date: str
    opened_at_ms: int
    tz_min: int
    float_minor: int
    currency: str
    closed_at_ms: int | None = None
    counted_minor: int | None = None
    over_short_minor: int | None = None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    amount_minor: int
    reason: str
    operator_id: str
    at_ms: int


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A Z report as it was stated, and where in the journal."""

    incarnation: bytes
    seq: int
    at_ms: int
    stated: ShiftClosed


class CashService:
    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        for kind, (table, row) in _ROWS.items():
            of_kind = [entry for entry in entries if isinstance(entry.recorded.fact, kind)]
            if of_kind:
                insert_rows(tx, table, [row(entry) for entry in unrecorded(tx, table, of_kind)])

    def shifts(
        self,
        tx: Connection,
        *,
        store_id: str | None = None,
        till_id: str = "",
        day: str = "",
        before: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> list[ShiftHead]:
        """The newest first; `before` is (opened_at_ms, shift_id)."""
        query = _SHIFTS.order_by(shift_opening.c.at_ms.desc(), shift_opening.c.shift_id.desc()).limit(limit)
        wanted = {"store_id": store_id, "till_id": till_id, "business_date": day}
        for column, value in wanted.items():
            if value:
                query = query.where(shift_opening.c[column] == value)
        if before is not None:
            at_ms, shift_id = before
            twin = (shift_opening.c.at_ms == at_ms) & (shift_opening.c.shift_id < shift_id)
            query = query.where((shift_opening.c.at_ms < at_ms) | twin)
        return [_head(row) for row in tx.execute(query)]

    def shift(self, tx: Connection, shift_id: str) -> ShiftHead:
        row = tx.execute(_SHIFTS.where(shift_opening.c.shift_id == shift_id)).first()
        if row is None:
            raise NotFound("There is no such shift on the server. Its till may not have sent it yet.")
        return _head(row)

    def closing(self, tx: Connection, shift_id: str) -> Closing | None:
        query = (
            select(shift_closing)
            .where(shift_closing.c.shift_id == shift_id)
            .order_by(shift_closing.c.ingest_id)
        )
        row = tx.execute(query).first()
        if row is None:
            return None
        stated = msgspec.json.decode(row.stated, type=ShiftClosed)
        return Closing(incarnation=bytes(row.incarnation), seq=row.seq, at_ms=row.at_ms, stated=stated)

    def movements(self, tx: Connection, shift_id: str) -> list[Movement]:
        query = (
            select(cash_movement).where(cash_movement.c.shift_id == shift_id).order_by(cash_movement.c.at_ms)
        )
        return [
            Movement(
                kind=r.kind,
                amount_minor=r.amount_minor,
                reason=r.reason,
                operator_id=r.operator_id,
                at_ms=r.at_ms,
            )
            for r in tx.execute(query)
        ]

    def no_sale_openings(self, tx: Connection, shift_id: str) -> list[str]:
        """Why the drawer was opened without a sale, in order."""
        query = select(drawer_opening.c.reason).where(drawer_opening.c.shift_id == shift_id)
        return list(tx.scalars(query.order_by(drawer_opening.c.at_ms)))


_SHIFTS = select(
    shift_opening,
    shift_closing.c.at_ms.label("closed_at_ms"),
    shift_closing.c.counted_minor,
    shift_closing.c.over_short_minor,
).outerjoin(shift_closing, shift_closing.c.shift_id == shift_opening.c.shift_id)


def _head(row: Row[Any]) -> ShiftHead:
    values = {name: getattr(row, name) for name in ShiftHead.__struct_fields__ if name != "opened_at_ms"}
    return ShiftHead(opened_at_ms=row.at_ms, **values)


def _stamp(entry: RecordedEntry) -> tuple[object, ...]:
    return (entry.event_id, entry.ingest_id, entry.recorded.at_ms, entry.recorded.tz_min)


def _till(entry: RecordedEntry) -> str:
    return entry.till_id or str(entry.recorded.fact.till_id)


def _store(entry: RecordedEntry) -> str:
    return entry.store_id or str(entry.recorded.fact.store_id)


def _opened(entry: RecordedEntry) -> tuple[object, ...]:
    fact: ShiftOpened = entry.recorded.fact
    shift = (fact.shift_id, fact.number, _store(entry), _till(entry))
    who = (fact.operator_id, fact.operator_name)
    return (*_stamp(entry), *shift, *who, fact.business_date, fact.float_minor, fact.currency)


def _closed(entry: RecordedEntry) -> tuple[object, ...]:
    fact: ShiftClosed = entry.recorded.fact
    shift = (entry.incarnation, entry.seq, fact.shift_id, fact.number, _store(entry), _till(entry))
    who = (fact.operator_id, fact.operator_name, fact.business_date, fact.currency)
    stated = msgspec.json.encode(fact).decode()
    return (*_stamp(entry), *shift, *who, fact.counted_minor, fact.over_short_minor, stated)


def _moved(entry: RecordedEntry) -> tuple[object, ...]:
    fact: CashMoved = entry.recorded.fact
    what = (fact.movement_id, fact.kind, fact.shift_id)
    return (*_stamp(entry), *what, _till(entry), fact.operator_id, fact.amount_minor, fact.reason)


def _drawer(entry: RecordedEntry) -> tuple[object, ...]:
    fact: DrawerOpened = entry.recorded.fact
    return (*_stamp(entry), fact.shift_id, _till(entry), fact.operator_id, fact.reason)


def _counted(entry: RecordedEntry) -> tuple[object, ...]:
    fact: DrawerCounted = entry.recorded.fact
    pieces = msgspec.json.encode(fact.pieces).decode()
    return (*_stamp(entry), fact.shift_id, _till(entry), fact.operator_id, fact.counted_minor, pieces)


_ROWS: dict[type[Any], tuple[Table, RowMaker]] = {
    ShiftOpened: (shift_opening, _opened),
    ShiftClosed: (shift_closing, _closed),
    CashMoved: (cash_movement, _moved),
    DrawerOpened: (drawer_opening, _drawer),
    DrawerCounted: (drawer_count, _counted),
}
