"""How far a till's journals reach at a moment, and which of their entries are not in the books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.closing import LeftOut, Reached
from sync_server.evidence.tables import closings_look
from sync_server.ingest.sale_total import REFUND, SALE
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, ingest_queue
from sync_server.leases.tables import refund
from sync_server.sales.tables import sale

UNBOOKED, KEPT_RAW, SET_ASIDE, ELSEWHERE = "unbooked", "kept_raw", "set_aside", "elsewhere"


class Reach(msgspec.Struct, frozen=True):
    """Every journal of the till up to where it is stored, and what of it is in no figure."""

    journals: tuple[Reached, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Look(msgspec.Struct, frozen=True):
    """How far a till's journals were looked through. `waiting` are closed days to be amended when they are over."""

    reach: Reach = Reach()
    waiting: tuple[str, ...] = ()


def last_look(tx: Connection, till_id: str) -> Look:
    row = tx.scalar(select(closings_look.c.look).where(closings_look.c.till_id == till_id))
    return msgspec.json.decode(row, type=Look) if row else Look()


def remember(tx: Connection, till_id: str, look: Look) -> None:
    """Two servers may do so at once; whichever stays, the next look goes on from it."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    new: Any = dialect.insert(closings_look).values(till_id=till_id, look=msgspec.json.encode(look))
    tx.execute(new.on_conflict_do_update(index_elements=["till_id"], set_={"look": new.excluded.look}))


def journals_of(tx: Connection, till_id: str) -> tuple[Reached, ...]:
    query = select(incarnation.c.incarnation, incarnation.c.high, incarnation.c.head_hash)
    query = query.where(incarnation.c.till_id == till_id, incarnation.c.high > 0)
    rows = [Reached(id.hex(), high, head.hex()) for id, high, head in tx.execute(query)]
    return tuple(sorted(rows, key=lambda one: one.incarnation))


def extended(tx: Connection, till_id: str, before: Reach) -> Reach:
    """As far as the journals reach now. Only what is new, and what was left out, is looked at."""
    journals = journals_of(tx, till_id)
    known = {one.incarnation: one.seq for one in before.journals}
    new = [
        _of(one, known.get(one.incarnation, 0)) for one in journals if one.seq > known.get(one.incarnation, 0)
    ]
    asked = [*map(_unbooked, new), *(_unbooked(which) for which in places(before.left_out))]
    found = {
        LeftOut(row.incarnation.hex(), row.seq, _why(row.ingest_id, row.till_id, till_id))
        for query in asked
        for row in tx.execute(query.where(_is_left_out(till_id)))
    }
    return Reach(journals, tuple(sorted(found, key=lambda one: (one.incarnation, one.seq))))


def still_to_be_booked(tx: Connection, reach: Reach) -> bool:
    """Whether something was stored so lately that nobody has tried to book it."""
    queued = select(ingest_pos.c.seq).join(ingest_queue, ingest_queue.c.ingest_id == ingest_pos.c.ingest_id)
    fresh = queued.where(ingest_queue.c.attempts == 0)
    return any(tx.execute(fresh.where(which).limit(1)).first() for which in places(reach.left_out))


def booked_days(tx: Connection, before: Reach, now: Reach) -> set[str]:
    """The business dates of what came, or could be booked, after `before`."""
    known = {one.incarnation: one.seq for one in before.journals}
    new = [
        _of(one, known.get(one.incarnation, 0))
        for one in now.journals
        if one.seq > known.get(one.incarnation, 0)
    ]
    gone = set(before.left_out) - set(now.left_out)
    days: set[str] = set()
    for which in [*new, *places(gone)]:
        for table in (sale, refund):
            query = select(table.c.business_date).distinct().select_from(ingest_pos)
            query = query.join(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
            query = query.join(table, table.c.event_id == ingest_log.c.event_id)
            days.update(tx.scalars(query.where(which)))
    return days


def _why(ingest_id: int | None, booked_for: str | None, till_id: str) -> str:
    if ingest_id is None:
        return KEPT_RAW
    return UNBOOKED if booked_for == till_id else ELSEWHERE


def _of(journal: Reached, after: int) -> ColumnElement[bool]:
    mine = ingest_pos.c.incarnation == bytes.fromhex(journal.incarnation)
    return and_(mine, ingest_pos.c.seq > after, ingest_pos.c.seq <= journal.seq)


_AT_ONCE = 300


def places(left_out: Iterable[LeftOut]) -> Sequence[ColumnElement[bool]]:
    """Conditions on `ingest_pos`, each for a few hundred of them."""
    at_places = [(bytes.fromhex(one.incarnation), one.seq) for one in left_out]
    at = tuple_(ingest_pos.c.incarnation, ingest_pos.c.seq)
    return [at.in_(at_places[start : start + _AT_ONCE]) for start in range(0, len(at_places), _AT_ONCE)]


def _unbooked(which: ColumnElement[bool]) -> Select[tuple[bytes, int, int | None, str | None]]:
    return (
        select(ingest_pos.c.incarnation, ingest_pos.c.seq, ingest_pos.c.ingest_id, ingest_log.c.till_id)
        .outerjoin(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .outerjoin(sale, sale.c.event_id == ingest_log.c.event_id)
        .outerjoin(refund, refund.c.event_id == ingest_log.c.event_id)
        .where(which)
    )


def _is_left_out(till_id: str) -> ColumnElement[bool]:
    is_money = ingest_log.c.type.in_((SALE, REFUND))
    is_booked = sale.c.event_id.is_not(None) | refund.c.event_id.is_not(None)
    not_here = ~is_booked | (ingest_log.c.till_id != till_id)
    return or_(ingest_pos.c.ingest_id.is_(None), is_money & not_here)
