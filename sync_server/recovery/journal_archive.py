"""The journals of all tills as an archive for auditors, from the bytes as they came, for `verifier` to check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from shared_models import wire
from shared_models.archive import MANIFEST, ArchivedJournal, file_name, line_of, manifest
from shared_models.errors import ShopError
from shared_models.journal import Entry, first_prev
from shared_models.sync_api import Push, WireEntry
from sync_server.database import Database
from sync_server.errors import Conflict
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, quarantine

KeyOf = Callable[[Connection, str], bytes]
"""The key that a machine signs with, also of one that was replaced, by its device id."""


def archive(db: Database, key_of: KeyOf, folder: Path, till_id: str = "") -> int:
    """How many entries were written into `folder`, a new one; of one till or of all.

    The same journals always give the same bytes. The manifest is last: without it nothing is whole.
    """
    _make_empty(folder)
    try:
        with db.read() as tx:
            return _write(tx, key_of, folder, till_id)
    except OSError as reason:
        raise Conflict(
            f"{folder} can't be written to: {reason.strerror}. The archive is not whole."
        ) from reason


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as reason:
        raise Conflict(f"{folder} can't be used: {reason.strerror}. Name another folder.") from reason
    if taken:
        raise Conflict(f"{folder} is not empty. Name a new folder; nothing was archived.")


def _write(tx: Connection, key_of: KeyOf, folder: Path, till_id: str) -> int:
    query = select(incarnation).order_by(incarnation.c.incarnation)
    if till_id:
        query = query.where(incarnation.c.till_id == till_id)
    apart = _kept_apart(tx)
    journals, count = [], 0
    for row in tx.execute(query).all():
        journals.append(_archived(row, key_of(tx, row.device_id)))
        with (folder / file_name(bytes(row.incarnation))).open("wb") as file:
            for entry in _entries(tx, row, apart):
                file.write(line_of(entry))
                count += 1
    (folder / MANIFEST).write_bytes(manifest(journals, (), ()))
    return count


def _archived(row: Row[Any], public_key: bytes) -> ArchivedJournal:
    return ArchivedJournal(
        incarnation=bytes(row.incarnation),
        parent=bytes(row.parent or b""),
        parent_seq=row.parent_seq,
        parent_hash=bytes(row.parent_hash),
        public_key=public_key,
        head_seq=row.high,
        head_hash=bytes(row.head_hash),
    )


def _entries(tx: Connection, journal: Row[Any], apart: dict[bytes, WireEntry]) -> Iterator[Entry]:
    """What was kept raw is taken from its frame; an entry that is nowhere is left out, and the verifier names it."""
    id = bytes(journal.incarnation)
    prev = first_prev(journal.parent, journal.parent_seq, bytes(journal.parent_hash))
    place = (
        ingest_pos.c.seq,
        ingest_pos.c.event_id,
        ingest_pos.c.hash,
        ingest_pos.c.signature,
        ingest_pos.c.algorithm,
    )
    fact = (ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
    query = (
        select(*place, *fact)
        .outerjoin(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .where(ingest_pos.c.incarnation == id)
        .order_by(ingest_pos.c.seq)
        .execution_options(yield_per=1000)
    )
    for row in tx.execute(query):
        event_id, digest = bytes(row.event_id), bytes(row.hash)
        found = row if row.body is not None else apart.get(event_id)
        if found is not None:
            seal = (prev, digest, bytes(row.signature), row.algorithm)
            yield Entry(id, row.seq, event_id, found.type, found.schema, bytes(found.body), *seal)
        prev = digest


def _kept_apart(tx: Connection) -> dict[bytes, WireEntry]:
    found: dict[bytes, WireEntry] = {}
    for raw in tx.scalars(select(quarantine.c.raw).where(quarantine.c.raw.is_not(None))):
        try:
            push = wire.unpack(bytes(raw), Push)
        except ShopError:
            continue  # a frame that nobody could read has no entry to give
        found |= {entry.event_id: entry for entry in push.entries}
    return found
