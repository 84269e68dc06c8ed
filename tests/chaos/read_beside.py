"""Rows of a till's file, read while its process runs, begins or has just been killed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2

_BETWEEN_S = 0.1


def read_beside(path: Path, sql: str, patience_s: float = 10) -> list[tuple[Any, ...]]:
    """Nothing where the till has not made its file yet, or only just begun to.

    The reader never writes. Where a kill left a change half done, the file can't be read
    until the till has opened it again and taken the change back (SQLite's
    SQLITE_READONLY_ROLLBACK); that is waited for. Raises sqlcipher3's OperationalError
    when it does not come within `patience_s`.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            return _read(path, sql)
        except sqlcipher3.dbapi2.OperationalError as reason:
            if "no such table" in str(reason):
                return []
            if "readonly" not in str(reason) or time.monotonic() > until:
                raise
        time.sleep(_BETWEEN_S)


def _read(path: Path, sql: str) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    connection = sqlcipher3.dbapi2.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows
    finally:
        connection.close()
