"""What became of the changes that many writers published: counted, and told."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select, text

from sync_server.database import Database
from sync_server.feed.tables import change_feed, feed_head
from tests.simulation.feed_load import STREAMS, Ledger, Load, naive_change
from tests.simulation.feed_readers import Follower, NaiveFollower, Served


class Verdict(msgspec.Struct, frozen=True):
    """What became of `changes` committed versions. `late`: rows that came to be seen behind a cursor already served."""

    changes: int
    transactions: int
    rollbacks: int
    seconds: float
    readers: int
    pages: int
    missed: int
    out_of_order: int
    wrong_checksums: int
    gaps: int
    unlike_the_writers: int
    late: int
    naive_missed: int
    naive_late: int
    with_naive: bool

    def faults(self) -> int:
        return (
            self.missed
            + self.out_of_order
            + self.wrong_checksums
            + self.gaps
            + self.unlike_the_writers
            + self.late
        )

    def is_blind(self) -> bool:
        return self.with_naive and not (self.naive_missed and self.naive_late)


def report(verdict: Verdict) -> int:
    v = verdict
    print(
        f"{v.changes:,} changes in {v.transactions:,} transactions, {v.rollbacks:,} rolled back, "
        f"{v.seconds:.0f} s, {v.readers} readers, {v.pages:,} pages"
    )
    print(f"missed                             {v.missed:8,}")
    print(f"out of order                       {v.out_of_order:8,}")
    print(f"wrong checksums                    {v.wrong_checksums:8,}")
    print(f"gaps between versions              {v.gaps:8,}")
    print(f"things unlike the writers' word    {v.unlike_the_writers:8,}")
    print(f"seen late behind a served cursor   {v.late:8,}")
    if v.with_naive:
        print(f"the naive cursor missed            {v.naive_missed:8,}   ({v.naive_late:,} were seen late)")
    if v.is_blind():
        print("BLIND: the naive cursor missed nothing, so this run proves nothing")
    print("the feed has no gaps" if not v.faults() else "FAULTY")
    return 1 if v.faults() or v.is_blind() else 0


def judged(
    db: Database, load: Load, ledger: Ledger, followers: list[Follower], naive: NaiveFollower, seconds: float
) -> Verdict:
    with_naive = load.with_naive()
    with db.read() as tx:
        naive_rows = tx.scalar(select(func.count()).select_from(naive_change)) if with_naive else 0
    return Verdict(
        changes=ledger.versions.total(),
        transactions=ledger.transactions,
        rollbacks=ledger.rollbacks,
        seconds=seconds,
        readers=len(followers),
        pages=sum(len(one.served) for one in followers),
        missed=sum(_missed(db, one) for one in followers),
        out_of_order=sum(one.out_of_order for one in followers),
        wrong_checksums=sum(one.wrong_checksums for one in followers),
        gaps=_gaps(db, ledger),
        unlike_the_writers=sum(_unlike(ledger, one) for one in followers),
        late=sum(_late(db, "change_feed", "ver", one.served) for one in followers) if with_naive else 0,
        naive_missed=(naive_rows or 0) - naive.seen,
        naive_late=_late(db, "naive_change", "id", naive.served) if with_naive else 0,
        with_naive=with_naive,
    )


def _missed(db: Database, follower: Follower) -> int:
    """Versions that the reader's cursor passed and that it never got, unless the same page had a newer one."""
    missed = 0
    for stream in STREAMS:
        with db.read() as tx:
            rows = tx.execute(
                select(change_feed.c.ver, change_feed.c.id)
                .where(change_feed.c.stream == stream)
                .order_by(change_feed.c.ver)
            ).all()
        ends = iter([served.to for served in follower.served if served.stream == stream])
        end, newest = 0, dict[str, int]()
        for ver, id in rows:
            while ver > end:
                missed += sum(1 for one in newest.values() if one not in follower.received[stream])
                end, newest = next(ends, 1 << 62), {}
            newest[id] = ver
        missed += sum(1 for one in newest.values() if one not in follower.received[stream])
    return missed


def _gaps(db: Database, ledger: Ledger) -> int:
    """How far the versions are from 1, 2, 3, … as many as the writers committed."""
    gaps = 0
    with db.read() as tx:
        for stream in STREAMS:
            of_stream = change_feed.c.stream == stream
            first, last, rows = tx.execute(
                select(func.min(change_feed.c.ver), func.max(change_feed.c.ver), func.count()).where(
                    of_stream
                )
            ).one()
            head = tx.scalar(select(feed_head.c.ver).where(feed_head.c.stream == stream))
            committed = ledger.versions[stream]
            if committed:
                gaps += abs(first - 1) + abs(last - committed) + abs(rows - committed) + abs(head - committed)
    return gaps


def _unlike(ledger: Ledger, follower: Follower) -> int:
    held = {
        (stream, id): row_hash
        for stream in STREAMS
        for id, row_hash in follower.hashes[stream].items()
        if not id.startswith("shared")
    }
    return len(held.items() ^ ledger.living.items())


def _late(db: Database, table: str, number: str, served: Sequence[Served]) -> int:
    """By PostgreSQL's own account: rows in a served range whose transaction that read did not see."""
    of_stream = "stream = served.stream and" if table == "change_feed" else ""
    unseen = (
        f"select count(*) as rows from {table} where {of_stream} {number} > served.above and {number} <= served.upto"
        " and not pg_visible_in_snapshot(xmin::text::xid8, served.seen)"
    )
    rows = [one._asdict() for one in served]
    with db.write() as tx:
        tx.execute(
            text("create temp table served (stream text, above bigint, upto bigint, seen pg_snapshot)")
        )
        insert = "insert into served values (:stream, :after, :to, cast(:snapshot as pg_snapshot))"
        tx.execute(text(insert), rows)
        late = tx.scalar(text(f"select sum(late.rows) from served cross join lateral ({unseen}) as late"))
        tx.execute(text("drop table served"))
    return int(late or 0)
