"""The lives of a till's journal, as head office asks about them: when each began and why, and what came of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from shared_models.continuity import IncarnationOpened
from shared_models.errors import ShopError
from shared_models.events import decode_body, recorded_at
from shared_models.ids import series_of
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos


class JournalLife(msgspec.Struct, frozen=True, kw_only=True):
    """`began_at_ms` is the till's clock, None where its first entry can't be read. `series` marks its receipts.

    `reason` is why the life before was left, empty for a till's first. `left_after` is that life's last entry that both
    have in common. Entries up to `safe_through` are in a backup that was tried. `apart` are kept and not booked.
    """

    incarnation: str
    series: str
    state: str
    began_at_ms: int | None
    last_received_ms: int
    entries: int
    safe_through: int
    reason: str
    parent_series: str
    left_after: int
    stamped_again: int
    apart: int


def journal_lives(tx: Connection, till_id: str) -> list[JournalLife]:
    """The newest first."""
    columns = [incarnation.c[name] for name in _Stands._fields]
    rows = tx.execute(select(*columns).where(incarnation.c.till_id == till_id)).all()
    lives = [_life(tx, _Stands(*row)) for row in rows]
    return sorted(lives, key=lambda life: (life.began_at_ms or 0, life.last_received_ms), reverse=True)


class _Stands(NamedTuple):
    incarnation: bytes
    state: str
    last_received_ms: int
    high: int
    safe_through: int


def _life(tx: Connection, stands: _Stands) -> JournalLife:
    first = tx.execute(
        select(ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
        .join(ingest_pos, ingest_pos.c.ingest_id == ingest_log.c.ingest_id)
        .where(ingest_pos.c.incarnation == stands.incarnation, ingest_pos.c.seq == 1)
    ).one_or_none()
    opened = _opening(first.type, first.schema, first.body) if first else None
    at = recorded_at(first.body) if first else None
    apart = select(func.count()).where(
        ingest_pos.c.incarnation == stands.incarnation, ingest_pos.c.ingest_id.is_(None)
    )
    return JournalLife(
        incarnation=stands.incarnation.hex(),
        series=series_of(stands.incarnation),
        state=stands.state,
        began_at_ms=at.at_ms if at else None,
        last_received_ms=stands.last_received_ms,
        entries=stands.high,
        safe_through=stands.safe_through,
        reason=opened.reason if opened else "",
        parent_series=series_of(bytes.fromhex(opened.parent)) if opened else "",
        left_after=opened.parent_seq if opened else 0,
        stamped_again=opened.stamped_again if opened else 0,
        apart=tx.scalar(apart) or 0,
    )


def _opening(kind: str, schema: int, body: bytes) -> IncarnationOpened | None:
    try:
        fact = decode_body(kind, schema, body).fact
    except ShopError:
        return None
    return fact if isinstance(fact, IncarnationOpened) else None
