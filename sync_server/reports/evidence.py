"""What a receipt prints of its journal entry, so that paper and journal can be held against each other."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shared_models.ids import evidence_code
from sync_server.ingest.tables import ingest_log


def evidence_of(tx: Connection, entry: str) -> str:
    """By the entry's id (hex); empty when the journal does not have it."""
    digest = tx.scalar(select(ingest_log.c.body_hash).where(ingest_log.c.event_id == bytes.fromhex(entry)))
    return evidence_code(bytes(digest)) if digest else ""
