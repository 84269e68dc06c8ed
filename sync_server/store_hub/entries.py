"""What lies on the hub's disk of a till's journal, as the messages that it came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from shared_models import journal
from shared_models.journal import START
from shared_models.sync_api import Push, WireEntry
from sync_server.ingest import log
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos

Entry = Row[Any]
"""A row of `held`."""


def held(id: bytes, first: int, most: int | None = None) -> Select[Any]:
    """Entries from `first` on; there may be gaps between them."""
    columns = ingest_pos.c
    return (
        select(
            columns.seq, columns.event_id, columns.ingest_id, columns.hash, columns.signature, columns.algorithm,
            ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body, ingest_log.c.body_hash,
        )
        .join(ingest_log, ingest_log.c.ingest_id == columns.ingest_id)
        .where(columns.incarnation == id, columns.seq >= first)
        .order_by(columns.seq)
        .limit(most)
    )  # fmt: skip


def as_push(tx: Connection, id: bytes, found: Sequence[Entry], otherwise_prev: bytes = START) -> Push:
    """`found` follow on one another; `otherwise_prev` is what they follow on where that is not known here."""
    stands = tx.execute(select(incarnation).where(incarnation.c.incarnation == id)).one()
    first = found[0].seq
    prev = log.hash_at(tx, id, first - 1) if first > 1 else beginning(tx, id)
    return Push(
        incarnation=id,
        first_seq=first,
        prev=prev or otherwise_prev,
        entries=tuple(_wire_entry(row) for row in found),
        head_hash=found[-1].hash,
        parent=stands.parent,
        parent_seq=stands.parent_seq,
        parent_hash=stands.parent_hash,
    )


def one_by_one(tx: Connection, id: bytes, after: int) -> Iterator[Push]:
    """Each entry past `after` as a batch of its own."""
    for entry in tx.execute(held(id, after + 1)).all():
        yield as_push(tx, id, [entry])


def follows(id: bytes, entry: Entry, prev: bytes) -> bool:
    """Whether it was sealed on top of the entry with the hash `prev`."""
    return bool(journal.chain_hash(id, entry.seq, entry.event_id, entry.body_hash, prev) == entry.hash)


def beginning(tx: Connection, id: bytes) -> bytes:
    """What the journal's first entry follows on."""
    stands = tx.execute(select(incarnation).where(incarnation.c.incarnation == id)).one()
    return journal.first_prev(stands.parent, stands.parent_seq, stands.parent_hash)


def _wire_entry(row: Entry) -> WireEntry:
    return WireEntry(
        event_id=row.event_id,
        type=row.type,
        schema=row.schema,
        body=row.body,
        signature=row.signature,
        algorithm=row.algorithm,
    )
