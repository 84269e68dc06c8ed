"""Applying: what is stored becomes rows of the areas; what can't is quarantined, and the next goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from shared_models.errors import ShopError
from shared_models.events import UnknownFact, decode_body
from sync_server.database import Database, is_passing
from sync_server.findings import Finding, Inbox
from sync_server.ingest.bookable import check_bookable
from sync_server.ingest.tables import ingest_queue, quarantine
from sync_server.ingest_entry import RecordedEntry, Recorder
from sync_server.ports import NowMs

_BATCH = 2500
_BATCH_SQLITE = 500
"""On SQLite nobody else can write meanwhile."""
_log = logging.getLogger(__name__)


class Applier:
    """One at a time in a process; on PostgreSQL several processes share the queue.

    A batch is one transaction. Entries that fail are found by halving, each try inside a savepoint.
    """

    def __init__(self, db: Database, recorders: Sequence[Recorder], inbox: Inbox, now_ms: NowMs) -> None:
        self._db = db
        self._recorders = recorders
        self._inbox = inbox
        self._now_ms = now_ms
        self._one_at_a_time = threading.Lock()

    def drain(self) -> int:
        """Applies until nothing waits; returns how many entries were taken off the queue."""
        total = 0
        while taken := self.apply_some():
            total += taken
        return total

    def apply_some(self, limit: int = 0) -> int:
        with self._one_at_a_time, self._db.write() as tx:
            if self._db.on_postgresql:
                # losing the last of these commits in a crash loses no fact: its entries are still queued then
                tx.exec_driver_sql("set local synchronous_commit = off")
            rows = _take(tx, limit or (_BATCH if self._db.on_postgresql else _BATCH_SQLITE))
            if rows:
                self._apply(tx, rows)
            return len(rows)

    def retry_unknown(self) -> None:
        """After an upgrade: what an older version did not know is tried again."""
        with self._db.write() as tx:
            requeue(tx, quarantine.c.reason == UnknownFact.code)

    def _apply(self, tx: Connection, rows: Sequence[_Stored]) -> None:
        entries, failed = [], []
        for row in rows:
            try:
                entries.append(_entry(row))
            except ShopError as reason:
                failed.append((row, reason.code, reason.message))
        by_id = {row.ingest_id: row for row in rows}
        for entry, why in self._record(tx, entries):
            failed.append((by_id[entry.ingest_id], "apply_failed", why))
        for row, code, detail in failed:
            self._quarantine(tx, row, code, detail)
        _leave_queue(tx, rows)
        still_bad = {row.ingest_id for row, *_ in failed}
        self._resolve(tx, [row for row in rows if row.attempts and row.ingest_id not in still_bad])

    def _record(self, tx: Connection, entries: Sequence[RecordedEntry]) -> list[tuple[RecordedEntry, str]]:
        """The entries that could not be recorded, and why."""
        if not entries:
            return []
        try:
            with tx.begin_nested():
                for recorder in self._recorders:
                    recorder.record_many(tx, entries)
        except Exception as reason:
            if is_passing(reason):
                raise
            if len(entries) == 1:
                _log.info("entry %s quarantined", entries[0].event_id.hex(), exc_info=reason)
                return [(entries[0], f"{type(reason).__name__}: {reason}")]
            half = len(entries) // 2
            return self._record(tx, entries[:half]) + self._record(tx, entries[half:])
        return []

    def _resolve(self, tx: Connection, rows: Sequence[_Stored]) -> None:
        if rows:
            done = {"resolved_at_ms": self._now_ms(), "resolved_by": "applied"}
            ids = [row.ingest_id for row in rows]
            tx.execute(update(quarantine).where(quarantine.c.ingest_id.in_(ids)).values(done))
        for row in rows:
            self._inbox.settle(tx, case_key(row.event_id.hex()), "It was tried again and could be booked.")

    def _quarantine(self, tx: Connection, row: _Stored, code: str, detail: str) -> None:
        id = row.event_id.hex()
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
            refs={"event": id, "reason": code, "quarantine": id},
        )
        self._inbox.raise_many(tx, [finding])


def case_key(quarantine_id: str) -> str:
    """Of the exception that stays open as long as it lies in quarantine."""
    return f"quarantined:{quarantine_id}"


def requeue(tx: Connection, which: Any) -> None:
    """Puts quarantined entries that are still open back onto the queue."""
    columns = select(quarantine.c.ingest_id, quarantine.c.attempts)
    queued = select(ingest_queue.c.ingest_id)
    query = columns.where(
        which,
        quarantine.c.resolved_at_ms.is_(None),
        quarantine.c.ingest_id.is_not(None),
        quarantine.c.ingest_id.not_in(queued),
    )
    tx.execute(insert(ingest_queue).from_select(["ingest_id", "attempts"], query))


class _Stored(NamedTuple):
    """An entry as the log has it, and how often it was tried before."""

    ingest_id: int
    event_id: bytes
    type: str
    schema: int
    body: bytes
    till_id: str
    store_id: str
    incarnation: bytes
    seq: int
    received_at_ms: int
    attempts: int


def _take(tx: Connection, limit: int) -> list[_Stored]:
    """The next entries of the queue, ours until the commit. Two steps: so the log is only looked up by its key."""
    queued = (
        select(ingest_queue.c.ingest_id, ingest_queue.c.attempts)
        .order_by(ingest_queue.c.ingest_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    attempts = {row.ingest_id: row.attempts for row in tx.execute(queued)}
    columns = ", ".join(_Stored._fields[:-1])
    query = f"select {columns} from ingest_log where ingest_id"
    if tx.dialect.name == "postgresql":
        driver: Any = tx.connection.driver_connection
        with driver.cursor(binary=True) as cursor:
            rows = cursor.execute(f"{query} = any(%s) order by ingest_id", (list(attempts),)).fetchall()
    else:
        marks = ",".join("?" * len(attempts))
        rows = tx.exec_driver_sql(f"{query} in ({marks}) order by ingest_id", tuple(attempts)).all()
    return [_Stored._make((*row, attempts[row[0]])) for row in rows]


def _entry(row: _Stored) -> RecordedEntry:
    recorded = decode_body(row.type, row.schema, row.body)
    check_bookable(recorded.fact, row.body)
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
    )


def _leave_queue(tx: Connection, rows: Sequence[_Stored]) -> None:
    ids = [row.ingest_id for row in rows]
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("delete from ingest_queue where ingest_id = any(%s)", (ids,))
    else:
        tx.execute(delete(ingest_queue).where(ingest_queue.c.ingest_id.in_(ids)))
