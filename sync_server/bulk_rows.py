"""Many rows into one table at once: COPY on PostgreSQL, many rows a statement elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import msgspec
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
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSON

from sync_server.database import driver_of
from sync_server.ingest_entry import RecordedEntry

_TYPE_NAMES: dict[type[Any], str] = {
    BigInteger: "int8",
    Integer: "int4",
    Boolean: "bool",
    LargeBinary: "bytea",
    Text: "text",
    String: "varchar",
}

_VALUES_AT_ONCE = 2000
"""In one statement on SQLite. With a statement for each row applying takes a tenth longer, with more values as well."""


def insert_rows(tx: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Rows as tuples in the order of the table's columns. They must be new: a clash raises IntegrityError.

    On PostgreSQL they may as well be made one by one: it takes in the first while the next is made.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    rows = chain((first,), rows)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if tx.dialect.name == "postgresql":
        _copy(tx, f'copy "{table.name}" ({names}) from stdin (format binary)', table, rows)
    else:
        _insert(tx, f'insert or fail into "{table.name}" ({names}) values', len(table.columns), rows)


def _insert(tx: Connection, statement: str, width: int, rows: Iterator[Sequence[Any]]) -> None:
    """Whole statements first, always of the same text, so that each is prepared once; what is left row by row."""
    at_once = _VALUES_AT_ONCE // width
    whole = []
    while len(values := tuple(chain.from_iterable(islice(rows, at_once)))) == at_once * width:
        whole.append(values)
    if whole:
        tx.exec_driver_sql(_of_rows(statement, width, at_once), whole)
    if values:
        left = [values[at : at + width] for at in range(0, len(values), width)]
        tx.exec_driver_sql(_of_rows(statement, width, 1), left)


@lru_cache(maxsize=100)
def _of_rows(statement: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{statement} {', '.join([row] * count)}"


def _copy(tx: Connection, statement: str, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    types = [_TYPE_NAMES[column.type.__class__] for column in table.columns]
    with driver_of(tx) as driver, driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def is_one_of(tx: Connection, column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column in values`, at most a few thousand, as one parameter where the database can.

    A list of them would cost more than the query, and the driver's array half as much as all other work of a batch.
    """
    binary = isinstance(column.type, LargeBinary)
    text = msgspec.json.encode([value.hex() for value in values] if binary else values).decode()
    if tx.dialect.name != "postgresql":
        one = func.json_each(text).table_valued("value").c.value
        return column.in_(select(func.unhex(one) if binary else one))
    one = func.json_array_elements_text(cast(literal(text), JSON)).column_valued()
    found = select(func.decode(one, "hex") if binary else one).scalar_subquery()
    return column == any_(func.array(found))


def unrecorded(tx: Connection, table: Table, entries: Iterable[RecordedEntry]) -> list[RecordedEntry]:
    """Those of the entries that have no row in `table` yet, each once; the new ones without looking."""
    by_event = {entry.event_id: entry for entry in entries}
    doubtful = [entry.event_id for entry in by_event.values() if not entry.is_new]
    known = select(table.c.event_id).distinct().where(is_one_of(tx, table.c.event_id, doubtful))
    for event_id in tx.scalars(known) if doubtful else ():
        del by_event[bytes(event_id)]
    return list(by_event.values())
