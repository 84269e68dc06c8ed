"""Disks: files in a folder, of which a crash or a backup is a copy, and programs that run on them until one statement.

A copy is made of the files as they lie there, write-ahead logs included, while the program still holds them open:
what a program had written and not committed is in it as SQLite left it, and SQLite has to make sense of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from tests.simulation.scheduler import PowerCut

_LEFT_BEHIND = shutil.ignore_patterns("*-shm", "*.lock")


def copy_disk(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to, ignore=_LEFT_BEHIND)


class Life:
    """One run of a program, from its start to its end: `step` is called before and after every statement."""

    def __init__(self, cut_power: Callable[[], None]) -> None:
        self._cut_power = cut_power
        self.statements = 0
        self.is_over = False
        self._steps_left: int | None = None

    def will_end_after(self, steps: int) -> None:
        self._steps_left = steps

    def spare(self) -> None:
        self._steps_left = None

    def end(self) -> None:
        self.is_over = True

    def before(self, sql: str) -> None:
        self.statements += 1
        self._step()

    def after(self, sql: str, parameters: Any) -> None:
        self._step()

    def _step(self) -> None:
        if self.is_over:
            raise PowerCut
        if self._steps_left is None:
            return
        self._steps_left -= 1
        if self._steps_left < 0:
            self._steps_left = None
            self._cut_power()
            raise PowerCut


def connections_of(life: Life) -> type[Any]:
    """A class of connections to hand to the driver, whose statements are steps of this life."""

    class Connection(driver.Connection):  # type: ignore[misc]
        def execute(self, sql: str, parameters: Any = ()) -> Any:
            life.before(sql)
            result = super().execute(sql, parameters)
            life.after(sql, parameters)
            return result

        def executemany(self, sql: str, parameters: Any) -> Any:
            life.before(sql)
            result = super().executemany(sql, parameters)
            life.after(sql, parameters)
            return result

    return Connection


SERVER_FILE = "evertill.db"
BOOKS_FILE = "till.db"


def events_on_server(data: Path) -> set[bytes]:
    """Stored as facts, or kept raw at their place in the journal."""
    return _ids(data / SERVER_FILE, "select event_id from ingest_log union select event_id from ingest_pos")


def events_on_till(data: Path) -> set[bytes]:
    return _ids(data / BOOKS_FILE, "select event_id from entry")


_HALVES = {
    "sales without a row": "select count(*) from entry where type = 'sale.posted'"
    " and not exists (select 1 from sale where sale.pos = entry.pos)",
    "rows without a sale": "select count(*) from sale"
    " where not exists (select 1 from entry where entry.pos = sale.pos and type = 'sale.posted')",
    "sales without a print job": "select count(*) from sale where (select coalesce(max(id), 0) from job) <= 1000"
    " and not exists (select 1 from job where job.pos = sale.pos and kind = 'print')",
}
"""Jobs that were done a thousand jobs ago are forgotten, so only younger books are asked for every sale's."""


def half_sales(data: Path) -> list[str]:
    return [
        f"{number} {what}"
        for what, query in _HALVES.items()
        if (number := _rows(data / BOOKS_FILE, query)[0][0])
    ]


def _ids(path: Path, query: str) -> set[bytes]:
    return {row[0] for row in _rows(path, query)} if path.exists() else set()


def _rows(path: Path, query: str) -> list[Any]:
    """Through the product's own SQLite: two copies of the library in one process break each other's locks."""
    connection = driver.connect(str(path), isolation_level=None)
    try:
        return connection.execute(query).fetchall()  # type: ignore[no-any-return]
    finally:
        connection.close()
