"""What a hub forgets: what a proved backup of the central server has, so that no restore of it asks for that again.

Only hashes of such entries could still be asked for; the central server has those. A till that finds nothing here goes
on from where it believes to be.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, update

from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, quarantine

MOST_AT_ONCE = 10_000
"""Entries; a till may wait for the same database."""
KEEP_FRAMES_MS = 30 * 86_400_000
"""Frames that were passed on are of use to a person only."""


def prune(tx: Connection, now_ms: int) -> None:
    safe = select(incarnation.c.incarnation, incarnation.c.safe_through).where(incarnation.c.safe_through > 0)
    left = MOST_AT_ONCE
    for row in tx.execute(safe).all():
        if left > 0:
            left -= _forget(tx, bytes(row.incarnation), row.safe_through, left)
    _forget_unplaced_facts(tx)
    old = quarantine.c.resolved_at_ms < now_ms - KEEP_FRAMES_MS
    tx.execute(delete(quarantine).where(old))


def _forget(tx: Connection, id: bytes, safe_through: int, most: int) -> int:
    """How many entries; of the last one the hash stays, on which the next follows."""
    mine = ingest_pos.c.incarnation == id
    here = mine & (ingest_pos.c.seq <= safe_through) & ingest_pos.c.ingest_id.is_not(None)
    found = select(ingest_pos.c.seq).where(here).order_by(ingest_pos.c.seq).limit(most).subquery()
    count, last = tx.execute(select(func.count(), func.max(found.c.seq))).one()
    if count:
        tx.execute(delete(ingest_pos).where(mine, ingest_pos.c.seq < last))
        only_hash = {"ingest_id": None, "event_id": b"", "signature": b"", "algorithm": ""}
        tx.execute(update(ingest_pos).where(mine, ingest_pos.c.seq == last).values(only_hash))
    return int(count)


def _forget_unplaced_facts(tx: Connection) -> None:
    """A fact may stand in two journals, or in none where they parted from the central server's."""
    placed = select(ingest_pos.c.ingest_id).where(ingest_pos.c.ingest_id.is_not(None))
    unplaced = select(ingest_log.c.ingest_id).where(ingest_log.c.ingest_id.not_in(placed)).limit(MOST_AT_ONCE)
    tx.execute(delete(ingest_log).where(ingest_log.c.ingest_id.in_(unplaced)))
