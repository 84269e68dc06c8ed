"""The queue beside the log: what is stored and acknowledged and waits to be applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from sync_server.database import driver_of
from sync_server.ingest.tables import ingest_queue, quarantine


class Waiting(NamedTuple):
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


_LOGGED = Waiting._fields[:-1]
_NEXT_ON_SQLITE = f"""
select {", ".join(f"log.{name}" for name in _LOGGED)}, queue.attempts
from ingest_queue as queue cross join ingest_log as log on log.ingest_id = queue.ingest_id
where queue.ingest_id > ? order by queue.ingest_id limit ?
"""


def waiting(tx: Connection, after: int, limit: int) -> list[Waiting]:
    """The next entries past that ingest id, in order; looking takes nothing off the queue."""
    if tx.dialect.name != "postgresql":
        return list(map(Waiting._make, tx.exec_driver_sql(_NEXT_ON_SQLITE, (after, limit)).fetchall()))
    return _waiting_on_postgresql(tx, after, limit)


def _waiting_on_postgresql(tx: Connection, after: int, limit: int) -> list[Waiting]:
    """In two steps, so that the log is only looked up by its key."""
    queued = select(ingest_queue.c.ingest_id, ingest_queue.c.attempts).where(ingest_queue.c.ingest_id > after)
    rows = tx.execute(queued.order_by(ingest_queue.c.ingest_id).limit(limit))
    attempts = {row.ingest_id: row.attempts for row in rows}
    query = f"select {', '.join(_LOGGED)} from ingest_log where ingest_id = any(%s) order by ingest_id"
    with driver_of(tx) as driver, driver.cursor(binary=True) as cursor:
        stored = cursor.execute(query, (_array(attempts),)).fetchall()
    return [Waiting._make((*row, attempts[row[0]])) for row in stored]


def take_off(tx: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the ids that were still in the queue: they are the caller's, who applies them in this transaction."""
    statement = "delete from ingest_queue where ingest_id"
    if tx.dialect.name == "postgresql":
        gone = tx.exec_driver_sql(f"{statement} = any(%s) returning ingest_id", (_array(ids),))
    else:
        marks = ",".join("?" * len(ids))
        gone = tx.exec_driver_sql(f"{statement} in ({marks}) returning ingest_id", tuple(ids))
    return {row[0] for row in gone}


def requeue(tx: Connection, which: Any) -> None:
    """Puts quarantined entries back onto the queue that are in no books and do not wait there already."""
    columns = select(quarantine.c.ingest_id, quarantine.c.attempts)
    queued = select(ingest_queue.c.ingest_id)
    query = columns.where(
        which,
        quarantine.c.resolved_at_ms.is_(None) | quarantine.c.set_aside_for.is_not(None),
        quarantine.c.ingest_id.is_not(None),
        quarantine.c.ingest_id.not_in(queued),
    )
    tx.execute(insert(ingest_queue).from_select(["ingest_id", "attempts"], query))


def is_queued(tx: Connection, quarantine_id: str) -> bool:
    """Whether a quarantined entry is about to be tried again."""
    query = select(ingest_queue.c.ingest_id).join(
        quarantine, quarantine.c.ingest_id == ingest_queue.c.ingest_id
    )
    return tx.execute(query.where(quarantine.c.quarantine_id == quarantine_id)).first() is not None


def case_key(quarantine_id: str) -> str:
    """Of the exception that stays open as long as it lies in quarantine."""
    return f"quarantined:{quarantine_id}"


def _array(ids: Iterable[int]) -> str:
    """As PostgreSQL reads a list of numbers; the driver takes longer over one than the database over the query."""
    return "{" + ",".join(map(str, ids)) + "}"
