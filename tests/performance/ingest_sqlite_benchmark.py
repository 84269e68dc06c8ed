"""How fast sales are pushed into SQLite over HTTP, against executemany of the same sales as rows.

Run `python -m tests.performance.ingest_sqlite_benchmark`; it prints both ratios and whether the goals are reached.
As with PostgreSQL: a server in a process of its own, four tills that push 512 sales a request. The rows are the
server's own with the same indexes, in batches of the same size, each durable (WAL, FULL). The two take turns.

The rows are written twice: by the driver as it is delivered, as whoever takes in rows alone would use it (the goals are
set against this one), and by a driver that is told how bytes, flags and NULL are bound, as the server tells it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from sync_server.database import Database, metadata
from sync_server.settings import Settings
from tests.performance.ingest_benchmark import (
    BATCH,
    ROUNDS,
    TABLES,
    TILLS,
    Round,
    Till,
    push_all,
    report,
    served,
)

GOAL_ACKNOWLEDGED = 1.0
GOAL_APPLIED = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=10_000)
    count = parser.parse_args().sales
    with served() as folder:
        rounds = race(folder, count)
    return report(
        "executemany of rows", rounds, count, GOAL_ACKNOWLEDGED, GOAL_APPLIED, "the server's driver"
    )


def race(folder: Path, count: int) -> list[Round]:
    url = Settings(data_dir=folder).url()
    shop = opened(Path(url.removeprefix("sqlite:///")))
    bare, told = empty(folder / "bare.db"), empty(folder / "told.db")
    tills = [Till(url, folder, number) for number in range(1, TILLS + 1)]
    push_all(tills, [till.sell(BATCH) for till in tills])
    until_applied(shop)
    rounds = []
    for _ in range(ROUNDS):
        batches = [till.sell(count // ROUNDS // TILLS) for till in tills]
        (last,) = shop.execute("select max(ingest_id) from sale").fetchone()
        started = time.perf_counter()
        push_all(tills, batches)
        acknowledged = time.perf_counter() - started
        until_applied(shop)
        applied = time.perf_counter() - started
        with driver_as_delivered():
            written = insert_again(shop, bare, last)
        rounds.append(Round(written, acknowledged, applied, insert_again(shop, told, last)))
    return rounds


def until_applied(shop: Any) -> None:
    while shop.execute("select 1 from ingest_queue limit 1").fetchone():
        time.sleep(0.005)
    assert not shop.execute("select reason, detail from quarantine").fetchall()


def insert_again(shop: Any, bare: Any, after: int) -> float:
    """Seconds to write the rows of the sales just applied into empty-handed tables of the same kind."""
    fresh = "select event_id from sale where ingest_id > ? order by ingest_id"
    events = [row[0] for row in shop.execute(fresh, (after,))]
    batches = []
    for first in range(0, len(events), BATCH):
        few = events[first : first + BATCH]
        marks = ",".join("?" * len(few))
        query = f"where event_id in ({marks}) order by event_id"
        batches.append(
            [(name, shop.execute(f"select * from {name} {query}", few).fetchall()) for name in TABLES]
        )
    started = time.perf_counter()
    for batch in batches:
        bare.execute("begin immediate")
        for name, rows in batch:
            if rows:
                bare.executemany(f"insert into {name} values ({','.join('?' * len(rows[0]))})", rows)
        bare.execute("commit")
    return time.perf_counter() - started


@contextmanager
def driver_as_delivered() -> Iterator[None]:
    told = dict(driver.adapters)
    driver.adapters.clear()
    try:
        yield
    finally:
        driver.adapters.update(told)


def empty(path: Path) -> Any:
    database = Database(f"sqlite:///{path}")
    metadata.create_all(database.engine)
    database.close()
    return opened(path)


def opened(path: Path) -> Any:
    """As the server opens its own file."""
    connection = driver.connect(str(path), isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=full", "busy_timeout=15000"):
        connection.execute(f"pragma {pragma}")
    return connection


if __name__ == "__main__":
    sys.exit(main())
