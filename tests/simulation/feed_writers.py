"""The proof that the feed has no gaps: many writers publish at once, readers follow, and nothing is missed.

Run `python -m tests.simulation.feed_writers --changes 1000000 --writers 16`; it starts a PostgreSQL of its own,
and takes `--sqlite` for the same on SQLite. Transactions are open for up to half a second, a tenth of them is rolled
back, some commit late what has its version already. Beside it runs the canary: a reader that polls `id > last seen`
over numbers of a sequence, in the same transactions. It must be seen to miss rows, or the proof is blind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import func, select

from sync_server.database import Database
from sync_server.feed.tables import feed_head
from sync_server.schema import metadata
from tests.performance.ingest_benchmark import of_database, postgresql
from tests.simulation.feed_load import Ledger, Load, naive_change, write_all
from tests.simulation.feed_readers import Follow, Follower, NaiveFollower
from tests.simulation.feed_verdict import Verdict, judged, report

PAGE_LIMITS = (1000, 70)
"""One reader each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--most-pause-ms", type=int, default=500)
    parser.add_argument("--batch", type=int, default=800, help="changes in a transaction at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true")
    asked = parser.parse_args()
    with fresh_database(asked.sqlite) as url:
        load = Load(
            url,
            asked.changes,
            asked.writers,
            asked.processes,
            asked.most_pause_ms / 1000,
            asked.batch,
            asked.seed,
        )
        verdict = prove(load, progress=True)
    return report(verdict)


def prove(load: Load, *, progress: bool = False) -> Verdict:
    """Everything written by `load`, followed meanwhile; the database is new and has the schema."""
    db = Database(load.url)
    try:
        if load.with_naive():
            naive_change.create(db.engine)
        followers, naive = [Follower(db, limit) for limit in PAGE_LIMITS], NaiveFollower(db)
        follows = [one.follow for one in followers] + ([naive.follow] if load.with_naive() else [])
        started = time.monotonic()
        ledger = _write_and_follow(db, load, follows, progress)
        seconds = time.monotonic() - started
        return judged(db, load, ledger, followers, naive, seconds)
    finally:
        db.close()


def _write_and_follow(db: Database, load: Load, follows: list[Follow], progress: bool) -> Ledger:
    written, failures = Event(), []

    def guarded(follow: Follow) -> None:
        try:
            follow(written)
        except BaseException as failure:  # noqa: BLE001 - carried to the thread that waits
            failures.append(failure)

    threads = [Thread(target=guarded, args=(follow,)) for follow in follows]
    if progress:
        threads.append(Thread(target=_tell, args=(db, load, written)))
    for thread in threads:
        thread.start()
    try:
        return write_all(load)
    finally:
        written.set()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]


def _tell(db: Database, load: Load, written: Event) -> None:
    started = time.monotonic()
    while not written.wait(10):
        with db.read() as tx:
            there = tx.scalar(select(func.sum(feed_head.c.ver))) or 0
        print(f"  {there:,} of {load.changes:,} changes after {time.monotonic() - started:.0f} s", flush=True)


@contextmanager
def fresh_database(on_sqlite: bool) -> Iterator[str]:
    if on_sqlite:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'feed.db'}"
            _with_schema(url)
            yield url
        return
    with postgresql() as uri:
        _with_schema(of_database(uri, "shop"))
        yield of_database(uri, "shop")


def _with_schema(url: str) -> None:
    db = Database(url)
    metadata.create_all(db.engine)
    db.close()


if __name__ == "__main__":
    sys.exit(main())
