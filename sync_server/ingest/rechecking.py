"""Reading a stored journal again from its bytes: is it whole, and still what was sealed?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from shared_models import journal
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos


def first_fault(tx: Connection, id: bytes) -> str:
    """What is wrong first with an incarnation, in words; empty for a whole one.

    An entry that is only kept raw has no body here; its hash is taken as stated. One whose chain was broken when it
    came is as it came.
    """
    stands = tx.execute(select(incarnation).where(incarnation.c.incarnation == id)).one()
    seq, prev = 0, b""
    for row in _rows(tx, id):
        seq += 1
        if row.seq != seq:
            return f"entry {seq} of till {stands.till_id} is missing."
        if seq == 1:
            prev = journal.first_prev(stands.parent, stands.parent_seq, bytes(stands.parent_hash))
        if row.chain_ok and row.body is not None and _digest(id, row, prev) != bytes(row.hash):
            return f"entry {seq} of till {stands.till_id} is not what was sealed."
        prev = bytes(row.hash)
    if seq != stands.high or (seq and prev != bytes(stands.head_hash)):
        return f"the journal of till {stands.till_id} ends at entry {seq}, not at {stands.high}."
    return ""


def _rows(tx: Connection, id: bytes) -> Iterator[Any]:
    columns = (ingest_pos.c.seq, ingest_pos.c.event_id, ingest_pos.c.hash, ingest_pos.c.chain_ok)
    fact = (ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
    query = (
        select(*columns, *fact)
        .outerjoin(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .where(ingest_pos.c.incarnation == id)
        .order_by(ingest_pos.c.seq)
        .execution_options(yield_per=1000)
    )
    yield from tx.execute(query)


def _digest(id: bytes, row: Any, prev: bytes) -> bytes:
    body_hash = journal.body_hash(row.type, row.schema, bytes(row.body))
    return journal.chain_hash(id, row.seq, bytes(row.event_id), body_hash, prev)
