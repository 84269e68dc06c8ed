"""How fast sales are pushed into a server on SQLite over HTTP, against executemany of the same sales as rows.

`python -m tests.performance.sqlite_ingest_benchmark`: as ingest_benchmark does it with PostgreSQL. The rows are the
server's own, written by the bare driver into a file of the same tables and indexes, one durable commit a batch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from sync_server.database import Database, metadata
from sync_server.migrations import migrate
from tests.performance.ingest_benchmark import (
    BATCH,
    PORT,
    ROUNDS,
    TABLES,
    TILLS,
    Round,
    Till,
    push_all,
    until_open,
)

SALES = 10_000
GOAL_ACKNOWLEDGED = 1.0
GOAL_APPLIED = 0.5


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with server(folder) as shop:
            rounds = race(shop, folder)
    written, acknowledged, applied = (sum(part) for part in zip(*rounds, strict=True))
    print(f"executemany of rows   {SALES / written:8.0f} sales/s    1.00")
    print(f"push, acknowledged    {SALES / acknowledged:8.0f} sales/s    {written / acknowledged:.2f}")
    print(f"push, applied         {SALES / applied:8.0f} sales/s    {written / applied:.2f}")
    good = written / acknowledged >= GOAL_ACKNOWLEDGED and written / applied >= GOAL_APPLIED
    print(
        f"goals {GOAL_ACKNOWLEDGED:g} x acknowledged, {GOAL_APPLIED:g} x applied: {'reached' if good else 'MISSED'}"
    )
    return 0 if good else 1


def race(shop: Path, folder: Path) -> list[Round]:
    bare = folder / "bare.db"
    made = Database(f"sqlite:///{bare}")
    metadata.create_all(made.engine)
    made.close()
    tills = [Till(f"sqlite:///{shop}", folder, number) for number in range(1, TILLS + 1)]
    share = SALES // ROUNDS // TILLS
    push_all(tills, [till.sell(BATCH) for till in tills])
    until_applied(shop)
    rounds = []
    for _ in range(ROUNDS):
        batches = [till.sell(share) for till in tills]
        (last,) = rows(shop, "select max(ingest_id) from sale")[0]
        started = time.perf_counter()
        push_all(tills, batches)
        acknowledged = time.perf_counter() - started
        until_applied(shop)
        applied = time.perf_counter() - started
        rounds.append(Round(written_again(shop, bare, last), acknowledged, applied))
    return rounds


def rows(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = driver.connect(str(path), timeout=60)
    try:
        return list(connection.execute(sql, values).fetchall())
    finally:
        connection.close()


def until_applied(shop: Path) -> None:
    connection = driver.connect(str(shop), timeout=60)
    while connection.execute("select 1 from ingest_queue limit 1").fetchone():
        time.sleep(0.005)
    assert not connection.execute("select reason, detail from quarantine").fetchall()
    connection.close()


def written_again(shop: Path, bare: Path, after: int) -> float:
    """Seconds to write the rows of the sales just applied."""
    events = [
        row[0]
        for row in rows(shop, "select event_id from sale where ingest_id > ? order by ingest_id", after)
    ]
    grouped: dict[str, dict[bytes, list[tuple[Any, ...]]]] = {}
    for table in TABLES:
        of_table = grouped.setdefault(table, {})
        fresh = "select event_id from sale where ingest_id > ?"
        for row in rows(shop, f"select * from {table} where event_id in ({fresh})", after):
            of_table.setdefault(row[0], []).append(row)
    connection = driver.connect(str(bare), isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=full"):
        connection.execute(f"pragma {pragma}").fetchall()
    started = time.perf_counter()
    for first in range(0, len(events), BATCH):
        connection.execute("begin immediate")
        for table in TABLES:
            batch = [row for event in events[first : first + BATCH] for row in grouped[table].get(event, ())]
            marks = ", ".join("?" * len(batch[0]))
            connection.executemany(f"insert into {table} values ({marks})", batch)
        connection.execute("commit")
    taken = time.perf_counter() - started
    connection.close()
    return taken


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """`evertill-server serve` on a file in the folder; gives the file."""
    path = folder / "evertill.db"
    shop = Database(f"sqlite:///{path}")
    migrate(shop)
    shop.close()
    settings = {"DATA_DIR": str(folder), "PORT": str(PORT), "ANCHOR_DIR": str(folder / "anchor")}
    environment = os.environ | {f"EVERTILL_SERVER_{name}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server.cli", "serve"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until_open()
        yield path
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
