"""The journal as tables for accountants and for support: CSV files, or one SQLite file to ask questions of.

Only reads, also a database that a till has open. In the SQLite file money is whole minor units, which add up
exactly; in the CSV files it is written as people write it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from pos_client.journal_tables import Row, rows_of
from pos_client.store.connection import Database, Driver
from pos_client.store.journal import COLUMNS, entry_of
from pos_client.store.positions import position
from pos_client.store.segments import segments
from pos_client.till.errors import StorageFailed
from shared_models.money import currency, format_amount
from shared_models.quantity import format_quantity

SQLITE_FILE = "journal.db"
_BATCH = 1000
# A spreadsheet takes these for a formula, and names come from files that somebody sent.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(path: Path, key: str | None, folder: Path, *, sqlite: bool) -> dict[str, int]:
    """How many rows each table got. Raises StorageFailed where there is nothing to read or no room to write."""
    if not path.exists():
        raise StorageFailed(f"There is no database at {path}. Nothing was exported.", path=str(path))
    make_empty(folder)
    database = Database(path, key, read_only=True)
    try:
        with database.read() as connection:
            rows = _rows(connection)
            return _into_sqlite(rows, folder / SQLITE_FILE) if sqlite else _into_csv(rows, folder)
    except OSError as reason:
        raise StorageFailed(f"{folder} can't be written to: {reason.strerror}.", path=str(folder)) from reason
    finally:
        database.close()


def make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as reason:
        raise StorageFailed(f"{folder} can't be used: {reason.strerror}. Name another folder.") from reason
    if taken is not None:
        raise StorageFailed(f"{folder} is not empty. Name a new folder; nothing was exported.")


def _rows(connection: Driver) -> Iterator[tuple[str, Row]]:
    currencies: dict[str, str] = {}
    for segment in segments(connection):
        entries = connection.execute(
            f"select {COLUMNS} from entry where pos >= ? and pos < ? order by pos",
            (position(segment.id, 0), position(segment.id + 1, 0)),
        )
        for row in entries:
            yield from rows_of(segment.series, entry_of(segment.incarnation, row), currencies)


def _into_csv(rows: Iterator[tuple[str, Row]], folder: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    with ExitStack() as files:
        writers: dict[str, Any] = {}
        for table, row in rows:
            if table not in writers:
                file = files.enter_context((folder / f"{table}.csv").open("w", newline="", encoding="utf-8"))
                writers[table] = csv.writer(file)
                writers[table].writerow([name.removesuffix("_minor").removesuffix("_milli") for name in row])
            writers[table].writerow([_cell(name, value, row) for name, value in row.items()])
            counts[table] = counts.get(table, 0) + 1
    return counts


def _cell(name: str, value: Any, row: Row) -> str:
    if value is None:
        return ""
    if name.endswith("_minor"):
        return format_amount(value, currency(row["currency"])) if row["currency"] else str(value)
    if name.endswith("_milli"):
        return format_quantity(value)
    text = str(value)
    return "'" + text if isinstance(value, str) and text.startswith(_FORMULA) else text


def _into_sqlite(rows: Iterator[tuple[str, Row]], path: Path) -> dict[str, int]:
    import sqlite_utils  # takes too long to load for a till that starts

    counts: dict[str, int] = {}
    file = sqlite_utils.Database(driver.connect(str(path)))
    try:
        waiting: dict[str, list[Row]] = {}
        for table, row in rows:
            some = waiting.setdefault(table, [])
            some.append(row)
            counts[table] = counts.get(table, 0) + 1
            if len(some) >= _BATCH:
                file.table(table).insert_all(some)
                some.clear()
        for table, some in waiting.items():
            file.table(table).insert_all(some)
            file.table(table).create_index(["series", "seq"])
        file.analyze()
    finally:
        file.close()
    return counts
