"""How fast a five-line sale is durably committed, against the bare driver writing the same rows as durably.

Run `python -m tests.performance.commit_benchmark`; it prints the ratio and whether the goal is reached.
Ours seals (hash chain, signature) and keeps the projections; the bare driver is given the finished rows. The two
take turns, so both meet the same disk, and both start with a write-ahead log of the same size.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from pos_client.store.books import TillBooks
from pos_client.store.connection import LOG_BYTES
from pos_client.store.migrations import STEPS
from tests.pos_client.store.made_up_shop import a_sale, open_books

GOAL = 0.7
KEY = "5e" * 32
_WARM_UP = 100
INSERT_ENTRY = (
    "insert into entry(pos, event_id, type, schema, body, prev, hash, signature, algorithm)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_STATEMENTS = {
    "entry": INSERT_ENTRY,
    "sale": "insert into sale values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "job": "insert into job values (?, ?, ?, ?, ?, ?, ?)",
}
_COLUMNS = {
    "entry": "pos, event_id, type, schema, body, prev, hash, signature, algorithm",
    "sale": "*",
    "job": "*",
}


class BareDriver:
    """The same file layout and pragmas, and nothing else."""

    def __init__(self, path: Path, key: str | None) -> None:
        connection = driver.connect(str(path), isolation_level=None)
        if key:
            connection.execute(f"pragma key=\"x'{key}'\"")
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "wal_autocheckpoint=4000"):
            connection.execute(f"pragma {pragma}")
        for statement in STEPS[0]:
            connection.execute(statement)
        connection.execute("begin immediate")
        connection.execute("create table spill(filling blob)")
        connection.execute("insert into spill values (zeroblob(?))", (LOG_BYTES,))
        connection.execute("rollback")
        self.connection = connection

    def commit(self, rows: list[tuple[str, tuple[Any, ...]]]) -> float:
        cursor = self.connection.cursor()
        started = time.perf_counter()
        cursor.execute("begin immediate")
        for sql, row in rows:
            cursor.execute(sql, row)
        cursor.execute("commit")
        return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=1500)
    count = parser.parse_args().sales
    ratios = [measure(key, count) for key in (None, KEY)]
    reached = min(ratios) >= GOAL
    print(f"goal {GOAL} x the bare driver: {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


def measure(key: str | None, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        books = open_books(Path(folder), key=key)
        bare = BareDriver(Path(folder) / "bare.db", key)
        ours, theirs = race(books, bare, count)
        books.close()
        bare.connection.close()
    ratio = sum(theirs) / sum(ours)
    kind = "encrypted" if key else "plain"
    print(
        f"{kind:9}  ours {_us(ours)}  bare driver {_us(theirs)}  ratio of throughput {ratio:.2f}"
        f" (of medians {statistics.median(theirs) / statistics.median(ours):.2f})"
    )
    return ratio


def race(books: TillBooks, bare: BareDriver, count: int) -> tuple[list[float], list[float]]:
    sale = a_sale()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(count + _WARM_UP):
        started = time.perf_counter()
        books.post_sale(sale, open_drawer=True)
        took = time.perf_counter() - started
        bare_took = bare.commit(rows_of_last_sale(books))
        if number >= _WARM_UP:
            ours.append(took)
            theirs.append(bare_took)
    return ours, theirs


def rows_of_last_sale(books: TillBooks) -> list[tuple[str, tuple[Any, ...]]]:
    """What the last sale wrote, read back: not part of the time."""
    rows: list[tuple[str, tuple[Any, ...]]] = []
    with books.database.read() as connection:
        (pos,) = connection.execute("select max(pos) from sale").fetchone()
        for table, columns in _COLUMNS.items():
            found = connection.execute(f"select {columns} from {table} where pos = ? order by 1", (pos,))
            rows.extend((_STATEMENTS[table], row) for row in found.fetchall())
    return rows


def _us(times: list[float]) -> str:
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"p50 {p50 * 1e6:5.0f} us, p99 {p99 * 1e6:6.0f} us"


if __name__ == "__main__":
    sys.exit(main())
