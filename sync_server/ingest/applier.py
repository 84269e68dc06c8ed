"""Applying: what is stored becomes rows of the areas; what can't is quarantined, and the next goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared_models.errors import ShopError
from shared_models.events import UnknownFact, UnreadableFact, decode_body, other_reading
from sync_server.database import Database, is_passing
from sync_server.findings import THIS_SERVER, Finding, Inbox
from sync_server.ingest.bookable import check_bookable
from sync_server.ingest.queue import Waiting, case_key, requeue, take_off, waiting
from sync_server.ingest.tables import quarantine
from sync_server.ingest_entry import RecordedEntry, Recorder
from sync_server.ports import NowMs

_FIRST, _LARGEST, _LARGEST_ON_SQLITE = 1000, 4000, 2000
"""Entries in a batch: few at first, so that writing soon begins. On SQLite nobody else can write meanwhile."""
_ONE_APPLIER = 0x65767433
_LONGEST_NAMED = 32
_log = logging.getLogger(__name__)

Refused = tuple[RecordedEntry, str]
"""An entry that can't be booked, and why."""
Record = Callable[[Connection, Sequence[RecordedEntry]], list[Refused]]


class Batch(NamedTuple):
    """Entries as they wait, read; `failed` are those that can't be, with code and reason."""

    rows: Sequence[Waiting]
    entries: Sequence[RecordedEntry]
    failed: Sequence[tuple[Waiting, str, str]]


class Applier:
    """One at a time on a database, so that none misses what another is just writing: receipts given twice, Z reports.

    A batch is one transaction; where it fails another one finds the entries that fail, by halving, each try inside a
    savepoint.
    """

    def __init__(self, db: Database, recorders: Sequence[Recorder], inbox: Inbox, now_ms: NowMs) -> None:
        self._db = db
        self._recorders = recorders
        self._inbox = inbox
        self._now_ms = now_ms
        self._one_at_a_time = threading.Lock()

    def drain(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Applies until nothing waits; returns how many entries were taken off the queue."""
        total = 0
        with self._one_at_a_time:
            while taken := self._run_through(is_stopping):
                total += taken
        return total

    def apply_some(self, limit: int) -> int:
        with self._one_at_a_time:
            batch = self._next(0, limit)
            return self._apply(batch) if batch.rows else 0

    def retry_unknown(self) -> None:
        """After an upgrade: what an older version did not know is tried again, unless a person set it aside."""
        with self._db.write() as tx:
            requeue(tx, (quarantine.c.reason == UnknownFact.code) & quarantine.c.set_aside_for.is_(None))

    def _run_through(self, is_stopping: Callable[[], bool]) -> int:
        """Once along the queue. On PostgreSQL the next batch is read while it takes in the last one."""
        total, size = 0, _FIRST
        largest = _LARGEST if self._db.on_postgresql else _LARGEST_ON_SQLITE
        batch = self._next(0, size)
        with ThreadPoolExecutor(1, "read ahead") as pool:
            while batch.rows and not is_stopping():
                size = min(2 * size, largest)
                read = partial(self._next, batch.rows[-1].ingest_id, size)
                ahead = pool.submit(read).result if self._db.on_postgresql else read
                total += self._apply(batch)
                batch = ahead()
        return total

    def _next(self, after: int, limit: int) -> Batch:
        with self._db.read() as tx:
            rows = waiting(tx, after, limit)
        return _read(rows)

    def _apply(self, batch: Batch) -> int:
        """Nearly always all of it can be booked: a savepoint costs a tenth of the work, so it comes when one can't."""
        try:
            return self._book(batch, self._give_to_all)
        except Exception as reason:
            if is_passing(reason):
                raise
            _log.info("not all of these entries can be booked; which, is found out now: %s", reason)
        return self._book(batch, self._record)

    def _book(self, batch: Batch, record: Record) -> int:
        # losing the last of these commits in a crash loses no fact: its entries are still queued then
        with self._db.write(lasting=False) as tx:
            hold_still(tx)
            batch = _only(batch, take_off(tx, [row.ingest_id for row in batch.rows]))
            failed = list(batch.failed)
            by_id = {row.ingest_id: row for row in batch.rows}
            for entry, why in record(tx, batch.entries):
                failed.append((by_id[entry.ingest_id], "apply_failed", why))
            for row, code, detail in failed:
                self._quarantine(tx, row, code, detail)
            still_bad = {row.ingest_id for row, *_ in failed}
            self._resolve(tx, [row for row in batch.rows if row.attempts and row.ingest_id not in still_bad])
        return len(batch.rows)

    def _give_to_all(self, tx: Connection, entries: Sequence[RecordedEntry]) -> list[Refused]:
        if entries:
            for recorder in self._recorders:
                recorder.record_many(tx, entries)
        return []

    def _record(self, tx: Connection, entries: Sequence[RecordedEntry]) -> list[Refused]:
        """The entries that could not be recorded, and why."""
        if not entries:
            return []
        try:
            self._give_to_areas(tx, entries)
        except Exception as reason:
            if is_passing(reason):
                raise
            if len(entries) == 1:
                _log.info("entry %s quarantined", entries[0].event_id.hex(), exc_info=reason)
                return [(entries[0], f"{type(reason).__name__}: {reason}")]
            half = len(entries) // 2
            return self._record(tx, entries[:half]) + self._record(tx, entries[half:])
        return []

    def _give_to_areas(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        try:
            self._try(tx, entries)
        except IntegrityError as clash:
            _log.info("some of these entries may be recorded already; that is looked up now: %s", clash)
            self._try(tx, [replace(entry, is_new=False) for entry in entries])

    def _try(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        with tx.begin_nested():
            self._give_to_all(tx, entries)

    def _resolve(self, tx: Connection, rows: Sequence[Waiting]) -> None:
        if not rows:
            return
        mine = quarantine.c.ingest_id.in_([row.ingest_id for row in rows])
        decided = set(
            tx.scalars(
                select(quarantine.c.quarantine_id).where(mine, quarantine.c.set_aside_for.is_not(None))
            )
        )
        done = {"resolved_at_ms": self._now_ms(), "resolved_by": "applied", "set_aside_for": None}
        tx.execute(update(quarantine).where(mine).values(done))
        for row in rows:
            id, note = quarantine_id(row.event_id), "It was tried again and could be booked."
            if id in decided:
                self._inbox.decide(tx, case_key(id), note, THIS_SERVER)
            else:
                self._inbox.settle(tx, case_key(id), note)

    def _quarantine(self, tx: Connection, row: Waiting, code: str, detail: str) -> None:
        id = quarantine_id(row.event_id)
        fields = {
            "reason": code,
            "detail": detail[:4000].replace("\0", "\ufffd"),
            "attempts": row.attempts + 1,
        }
        again = tx.execute(update(quarantine).where(quarantine.c.quarantine_id == id).values(fields))
        if again.rowcount == 0:
            identity = {
                "quarantine_id": id,
                "ingest_id": row.ingest_id,
                "till_id": row.till_id,
                "store_id": row.store_id,
                "device_id": "",
                "at_ms": self._now_ms(),
                "resolved_by": "",
            }
            tx.execute(insert(quarantine).values(identity | fields))
        sentence = (
            f"An entry of till {row.till_id} ({row.type}) could not be booked. It is kept; see why and retry."
        )
        finding = Finding(
            key=case_key(id),
            kind="quarantined",
            sentence=sentence,
            store_id=row.store_id,
            till_id=row.till_id,
            refs={"event": row.event_id.hex(), "reason": code, "quarantine": id},
        )
        self._inbox.raise_many(tx, [finding])


def hold_still(tx: Connection) -> None:
    """Nothing is booked by anybody else until this transaction ends. On SQLite a writer is alone anyhow."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"select pg_advisory_xact_lock({_ONE_APPLIER})")


def quarantine_id(event_id: bytes) -> str:
    """The event's id in hex; a till may have made one that is too long for that."""
    return event_id.hex() if len(event_id) <= _LONGEST_NAMED else sha256(event_id).hexdigest()


def _read(rows: Sequence[Waiting]) -> Batch:
    entries, failed = [], []
    for row in rows:
        try:
            entries.append(_entry(row))
        except ShopError as reason:
            failed.append((row, reason.code, reason.message))
    return Batch(rows, entries, failed)


def _entry(row: Waiting) -> RecordedEntry:
    recorded = decode_body(row.type, row.schema, row.body)
    check_bookable(recorded.fact, row.body)
    if reason := other_reading(recorded, row.body):
        raise UnreadableFact(f"The body of '{row.type}' can't be read for certain: {reason}")
    return RecordedEntry(
        event_id=row.event_id,
        ingest_id=row.ingest_id,
        till_id=row.till_id,
        store_id=row.store_id,
        incarnation=row.incarnation,
        seq=row.seq,
        type=row.type,
        recorded=recorded,
        received_at_ms=row.received_at_ms,
        is_new=not row.attempts,
    )


def _only(batch: Batch, ids: set[int]) -> Batch:
    """The part of a batch that nobody else has taken meanwhile."""
    if len(ids) == len(batch.rows):
        return batch
    return Batch(
        [row for row in batch.rows if row.ingest_id in ids],
        [entry for entry in batch.entries if entry.ingest_id in ids],
        [failure for failure in batch.failed if failure[0].ingest_id in ids],
    )
