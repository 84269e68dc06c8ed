"""All that a server's database and folder hold, to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import sqlcipher3.dbapi2 as driver

from sync_server.schema import metadata
from tests.crash_points.server_shop import DATABASE, ELSEWHERE, Place

_DATABASE_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")


Row = tuple[tuple[str, Any], ...]
"""Cells as (column, value)."""
Tables = dict[str, list[Row]]


class State(NamedTuple):
    """`files` are the names of what lies in the data folder beside the database."""

    tables: Tables
    files: tuple[str, ...]


def state_of(place: Place, ignoring: Sequence[str] = ()) -> State:
    """`ignoring` names columns that need not be the same."""
    files = sorted(str(path.relative_to(place.folder)) for path in place.folder.rglob("*") if path.is_file())
    found = _postgresql(place.database_url) if place.database_url else _sqlite(place.folder / DATABASE)
    left = [one for one in files if one not in _DATABASE_FILES and not one.startswith(ELSEWHERE)]
    return State(_without(found, ignoring), tuple(left))


def differences(found: State, wanted: State) -> list[str]:
    """In words; none where both are the same."""
    names = sorted(found.tables.keys() | wanted.tables.keys())
    said = []
    for name in names:
        here, there = found.tables.get(name, []), wanted.tables.get(name, [])
        said += [f"{name}: {row} too many" for row in here if row not in there]
        said += [f"{name}: {row} missing" for row in there if row not in here]
    said += [f"{name} too many" for name in set(found.files) - set(wanted.files)]
    return said + [f"{name} missing" for name in set(wanted.files) - set(found.files)]


def _sqlite(path: Path) -> Tables:
    connection = driver.connect(str(path))
    try:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        names = connection.execute(
            "select name from sqlite_master where type = 'table' order by 1"
        ).fetchall()
        return {name: _rows(connection.execute(f'select * from "{name}"')) for (name,) in names}
    finally:
        connection.close()


def _postgresql(url: str) -> Tables:
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = 'public' order by 1"
        ).fetchall()
        found = {name: _rows(connection.execute(f'select * from "{name}"')) for (name,) in names}  # type: ignore[call-overload]
    return _without_gaps(found)


def _rows(cursor: Any) -> list[Row]:
    columns = [column[0] for column in cursor.description]
    return _sorted(tuple(zip(columns, map(_plain, row), strict=True)) for row in cursor.fetchall())


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=repr)


def _without(found: Tables, names: Sequence[str]) -> Tables:
    if not names:
        return found
    return {
        name: _sorted(tuple(cell for cell in row if cell[0] not in names) for row in rows)
        for name, rows in found.items()
    }


def _without_gaps(found: Tables) -> Tables:
    """A transaction that is given up takes its numbers of a sequence with it: only their order means something."""
    numbers: dict[str, set[int]] = {}
    for name, value in _values(found):
        if name in _SEQUENCES:
            numbers.setdefault(name, set()).add(value)
    places = {name: {one: at for at, one in enumerate(sorted(some), 1)} for name, some in numbers.items()}

    def placed(row: Row) -> Row:
        return tuple(
            (name, places[name][value] if name in places and value else value) for name, value in row
        )

    return {name: _sorted(placed(row) for row in rows) for name, rows in found.items()}


_SEQUENCES = {
    table.autoincrement_column.name
    for table in metadata.tables.values()
    if table.autoincrement_column is not None
}


def _values(found: Tables) -> list[tuple[str, Any]]:
    return [cell for rows in found.values() for row in rows for cell in row if cell[1] is not None]
