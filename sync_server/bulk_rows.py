"""Many rows into one table at once: COPY on PostgreSQL, one executemany elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    any_,
    bindparam,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from sync_server.ingest_entry import RecordedEntry

_TYPE_NAMES: dict[type[Any], str] = {
    BigInteger: "int8",
    Integer: "int4",
    Boolean: "bool",
    LargeBinary: "bytea",
    Text: "text",
    String: "varchar",
}


def insert_rows(tx: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Rows as tuples in the order of the table's columns. They must be new: a clash raises IntegrityError."""
    if not rows:
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if tx.dialect.name == "postgresql":
        _copy(tx, f'copy "{table.name}" ({names}) from stdin (format binary)', table, rows)
    else:
        marks = ", ".join("?" for _ in table.columns)
        tx.exec_driver_sql(
            f'insert into "{table.name}" ({names}) values ({marks})', [tuple(row) for row in rows]
        )


def _copy(tx: Connection, statement: str, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    driver: Any = tx.connection.driver_connection
    types = [_TYPE_NAMES[column.type.__class__] for column in table.columns]
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def is_one_of(tx: Connection, column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column in values` as one parameter where the database can: hundreds of them cost more than the query."""
    if tx.dialect.name != "postgresql":
        return column.in_(values)
    array = ARRAY(LargeBinary() if isinstance(column.type, LargeBinary) else Text())
    return column == any_(bindparam(None, list(values), type_=array))


def unrecorded(tx: Connection, table: Table, entries: Iterable[RecordedEntry]) -> list[RecordedEntry]:
    """Those of the entries that have no row in `table` yet, each once."""
    by_event = {entry.event_id: entry for entry in entries}
    known = select(table.c.event_id).distinct().where(is_one_of(tx, table.c.event_id, list(by_event)))
    for event_id in tx.scalars(known) if by_event else ():
        del by_event[bytes(event_id)]
    return list(by_event.values())
