"""Many rows into one table at once: COPY on PostgreSQL, one executemany elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from sync_server.ingest_entry import RecordedEntry


def insert_rows(tx: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Rows as tuples in the order of the table's columns. They must be new: a clash raises IntegrityError."""
    if not rows:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if tx.dialect.name == "postgresql":
        _copy(tx, f'copy "{table.name}" ({names}) from stdin', rows)
    else:
        marks = ", ".join("?" for _ in table.columns)
        tx.exec_driver_sql(
            f'insert into "{table.name}" ({names}) values ({marks})', [tuple(row) for row in rows]
        )


def _copy(tx: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    driver: Any = tx.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def unrecorded(tx: Connection, table: Table, entries: Iterable[RecordedEntry]) -> list[RecordedEntry]:
    """Those of the entries that have no row in `table` yet, each once."""
    by_event = {entry.event_id: entry for entry in entries}
    known = select(table.c.event_id).distinct().where(table.c.event_id.in_(list(by_event)))
    for event_id in tx.scalars(known) if by_event else ():
        del by_event[bytes(event_id)]
    return list(by_event.values())
