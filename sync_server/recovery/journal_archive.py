"""The journals of all tills as an archive for auditors, from the bytes as they came, for `verifier` to check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from shared_models.archive import MANIFEST, ArchivedJournal, file_name, line_of, manifest
from shared_models.events import recorded_at
from shared_models.journal import Entry, first_prev
from sync_server.database import Database
from sync_server.errors import Conflict, Invalid
from sync_server.evidence.service import key_terms
from sync_server.ingest import log
from sync_server.ingest.frame_contents import RawPlaces
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos
from sync_server.recovery.archive_places import Folder, Place, zip_into
from sync_server.recovery.statement_archive import server_keys, write_statements

KeyOf = Callable[[Connection, str], bytes]
"""The key that a machine signs with, also of one that was replaced, by its device id."""
_AT_ONCE = 50
"""Rows held at a time: a body may have megabytes."""


class Wanted(msgspec.Struct, frozen=True):
    """Of which store or till, all where empty, and which days by the till's own clock: first and last, ISO 8601.

    Of each journal everything between its first and its last entry of these days is archived, without a gap. Closings
    are in it only with every day: what they add up may have come days later.
    """

    store_id: str = ""
    till_id: str = ""
    first_day: str = ""
    last_day: str = ""


_ALL = Wanted()


def archive(db: Database, key_of: KeyOf, path: Path, wanted: Wanted = _ALL) -> int:
    """How many entries were written to `path`: a new folder, or a new file where its name ends in .zip.

    The same journals always give the same bytes. The manifest is last: without it nothing is whole.
    """
    try:
        if path.suffix.lower() != ".zip":
            return write(db, key_of, Folder(path), wanted)
        with path.open("xb") as file:
            return write_zip(db, key_of, file, wanted)
    except FileExistsError as reason:
        raise Conflict(f"{path} is there already. Name a new file; nothing was archived.") from reason
    except OSError as reason:
        raise Conflict(
            f"{path} can't be written to: {reason.strerror}. The archive is not whole."
        ) from reason


def write_zip(db: Database, key_of: KeyOf, file: IO[bytes], wanted: Wanted) -> int:
    with zip_into(file) as place:
        return write(db, key_of, place, wanted)


def write(db: Database, key_of: KeyOf, place: Place, wanted: Wanted) -> int:
    """How many entries; everything in one view of the database."""
    _check_days(wanted)
    query = select(incarnation).order_by(incarnation.c.incarnation)
    if wanted.till_id:
        query = query.where(incarnation.c.till_id == wanted.till_id)
    if wanted.store_id:
        query = query.where(incarnation.c.store_id == wanted.store_id)
    with db.read() as tx:
        journals, count = [], 0
        for row in tx.execute(query).all():
            part = _part_of(tx, row, wanted)
            if part is None:
                continue
            journals.append(_archived(row, key_of(tx, row.device_id), part))
            with place.file(file_name(bytes(row.incarnation))) as file:
                for entry in _entries(tx, row, part):
                    file.write(line_of(entry))
                    count += 1
        ends = None
        if not wanted.first_day and not wanted.last_day:
            ends = write_statements(tx, place, wanted.store_id, wanted.till_id)
        with place.file(MANIFEST) as file:
            file.write(manifest(journals, (), server_keys(tx), key_terms(tx), ends))
    return count


class _Part(NamedTuple):
    """Entries `first` to `last`; the entry before has the hash `before`, the last one `head`."""

    first: int
    last: int
    before: bytes
    head: bytes


def _check_days(wanted: Wanted) -> None:
    for day in (wanted.first_day, wanted.last_day):
        try:
            if day and date.fromisoformat(day).isoformat() != day:
                raise ValueError(day)
        except ValueError as reason:
            raise Invalid(f"'{day}' is no day. Write it as 2026-11-26.") from reason
    if wanted.first_day and wanted.last_day and wanted.first_day > wanted.last_day:
        raise Invalid("The first day is after the last one. Exchange them.")


def _part_of(tx: Connection, journal: Row[Any], wanted: Wanted) -> _Part | None:
    """None where nothing of it is wanted."""
    id = bytes(journal.incarnation)
    if not wanted.first_day and not wanted.last_day:
        return _Part(1, journal.high, b"", bytes(journal.head_hash))
    first = last = 0
    for seq, day in _days(tx, id):
        if wanted.first_day <= day and (not wanted.last_day or day <= wanted.last_day):
            first, last = first or seq, seq
    if not first:
        return None
    before = log.hash_at(tx, id, first - 1) or b""
    return _Part(first, last, before, log.hash_at(tx, id, last) or b"")


def _days(tx: Connection, id: bytes) -> Iterator[tuple[int, str]]:
    """Each entry's day in the shop; those that say none, and those that are only kept raw, are left out."""
    query = (
        select(ingest_pos.c.seq, ingest_log.c.body)
        .join(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .where(ingest_pos.c.incarnation == id)
        .order_by(ingest_pos.c.seq)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in tx.execute(query):
        moment = recorded_at(bytes(row.body))
        if moment is not None:
            yield row.seq, moment.business_date()


def _archived(row: Row[Any], public_key: bytes, part: _Part) -> ArchivedJournal:
    return ArchivedJournal(
        incarnation=bytes(row.incarnation),
        parent=bytes(row.parent or b""),
        parent_seq=row.parent_seq,
        parent_hash=bytes(row.parent_hash),
        public_key=public_key,
        head_seq=part.last,
        head_hash=part.head,
        first_seq=part.first,
        before_hash=part.before,
    )


def _entries(tx: Connection, journal: Row[Any], part: _Part) -> Iterator[Entry]:
    """What was kept raw is taken from its frame; an entry that is nowhere is left out, and the verifier names it."""
    id = bytes(journal.incarnation)
    start = first_prev(journal.parent, journal.parent_seq, bytes(journal.parent_hash))
    prev = part.before if part.first > 1 else start
    raw = RawPlaces(tx, journal.till_id)
    place = [ingest_pos.c[name] for name in ("seq", "event_id", "hash", "signature", "algorithm")]
    fact = [ingest_log.c[name] for name in ("type", "schema", "body")]
    query = (
        select(*place, *fact)
        .outerjoin(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .where(ingest_pos.c.incarnation == id, ingest_pos.c.seq.between(part.first, part.last))
        .order_by(ingest_pos.c.seq)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in tx.execute(query):
        event_id, digest = bytes(row.event_id), bytes(row.hash)
        found = row if row.body is not None else raw.entry(id, row.seq, digest)
        if found is not None:
            seal = (prev, digest, bytes(row.signature), row.algorithm)
            yield Entry(id, row.seq, event_id, found.type, found.schema, bytes(found.body), *seal)
        prev = digest
