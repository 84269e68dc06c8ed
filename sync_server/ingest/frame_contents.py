"""What the frames that came raw and wait for a person hold, as far as this version can read them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, func, null, select

from shared_models import wire
from shared_models.errors import ShopError
from shared_models.journal import body_hash
from shared_models.sync_api import Push, WireEntry
from sync_server.ingest import chain, log
from sync_server.ingest.tables import quarantine

LARGEST_READ = 2 << 20
"""Bytes. No till that works packs a frame as large; opening many of them would hold up whoever asks."""


def entries_kept_raw(tx: Connection, *narrowed: ColumnElement[bool]) -> Iterator[WireEntry | None]:
    """Each entry once, and none that the log has by another way; None for a frame that nobody can read.

    `narrowed` is about columns of `quarantine`.
    """
    seen: set[tuple[bytes, bytes]] = set()
    for push in _frames(tx, and_(quarantine.c.raw.is_not(None), *narrowed)):
        if push is None:
            yield None
            continue
        known = log.known_events(tx, [entry.event_id for entry in push.entries])
        for entry in push.entries:
            fact = (entry.event_id, body_hash(entry.type, entry.schema, entry.body))
            logged = known.get(entry.event_id)
            if fact not in seen and (logged is None or logged.body_hash != fact[1]):
                seen.add(fact)
                yield entry


class Contents(msgspec.Struct, frozen=True):
    """`kinds` names the type of each entry; it is None for a frame that nobody can read."""

    size: int
    kinds: list[str] | None


def contents(tx: Connection, quarantine_id: str) -> Contents | None:
    """What a frame holds, None where there is no such frame. It tells whoever must decide what becomes of it."""
    where = quarantine.c.quarantine_id == quarantine_id
    size = tx.scalar(select(func.length(quarantine.c.raw)).where(where))
    if size is None:
        return None
    raw = tx.scalar(select(quarantine.c.raw).where(where)) if size <= LARGEST_READ else None
    push = _read(bytes(raw)) if raw is not None else None
    return Contents(size, [entry.type for entry in push.entries] if push else None)


def _frames(tx: Connection, wanted: ColumnElement[bool]) -> Iterator[Push | None]:
    """A few at a time: together they may be too large for the memory."""
    raw = case((func.length(quarantine.c.raw) <= LARGEST_READ, quarantine.c.raw), else_=null())
    query = select(raw).where(wanted, quarantine.c.resolved_at_ms.is_(None))
    for frame in tx.scalars(query.execution_options(yield_per=10)):
        yield None if frame is None else _read(bytes(frame))


def _read(frame: bytes) -> Push | None:
    try:
        push = wire.unpack(frame, Push)
        chain.check_shape(push)
    except ShopError:
        return None
    return push
