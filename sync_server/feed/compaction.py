"""Compaction: a stream forgets changes that later ones made worthless, and in time its tombstones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from shared_models.reference import DELETE
from sync_server.database import Database
from sync_server.feed.tables import change_feed, feed_head
from sync_server.ports import NowMs

_DAY_MS = 86_400_000
KEPT_WHOLE_MS = 30 * _DAY_MS
"""So long a till finds every version, and pages of any size."""
TOMBSTONES_KEPT_MS = 90 * _DAY_MS
"""The longest that a till may be offline and still go on from where it was."""
STEP = 500


class Compaction:
    """Step by step, each a short transaction of its own, so that neither tills nor publishers wait."""

    def __init__(self, db: Database, now_ms: NowMs, step: int = STEP) -> None:
        self._db = db
        self._now_ms = now_ms
        self._step = step

    def run(self, is_going: Callable[[], bool]) -> int:
        """How many changes were forgotten. Killed or stopped between two steps, it goes on there next time."""
        with self._db.read() as tx:
            streams = tx.scalars(select(feed_head.c.stream).order_by(feed_head.c.stream)).all()
        return sum(self._all_of(stream, is_going) for stream in streams)

    def _all_of(self, stream: str, is_going: Callable[[], bool]) -> int:
        forgotten = 0
        for forget in (self._forget_replaced, self._forget_tombstones):
            while is_going():
                found = forget(stream)
                if found is None:
                    break
                forgotten += found
        return forgotten

    def _forget_replaced(self, stream: str) -> int | None:
        """None when there is nothing left that is old enough."""
        with self._db.read() as tx:
            head = _head(tx, stream)
            old = self._old(tx, stream, head.compacted, head.ver, KEPT_WHOLE_MS)
        if not old:
            return None
        to = old[-1].ver
        replaced = [row.replaces for row in old if row.replaces is not None]
        with self._db.write() as tx:
            if _locked(tx, stream).compacted != head.compacted:
                return 0  # another server was quicker
            gone = tx.execute(delete(change_feed).where(_of(stream), change_feed.c.ver.in_(replaced)))
            tx.execute(update(feed_head).where(feed_head.c.stream == stream).values(compacted=to))
            return gone.rowcount

    def _forget_tombstones(self, stream: str) -> int | None:
        """The change at `compacted` stays: its checksum proves the page that leads there."""
        with self._db.read() as tx:
            head = _head(tx, stream)
            old = self._old(tx, stream, head.floor, head.compacted, TOMBSTONES_KEPT_MS)
        if not old:
            return None
        to = old[-1].ver
        with self._db.write() as tx:
            if _locked(tx, stream).floor != head.floor:
                return 0
            passed = _of(stream) & (change_feed.c.ver >= head.floor) & (change_feed.c.ver < to)
            gone = tx.execute(delete(change_feed).where(passed, change_feed.c.op == DELETE))
            tx.execute(update(feed_head).where(feed_head.c.stream == stream).values(floor=to))
            return gone.rowcount

    def _old(self, tx: Connection, stream: str, after: int, to: int, age_ms: int) -> list[Row[Any]]:
        """The next few changes, up to the first that is younger.

        One from the future was made while the server's clock was ahead: it is older than what came after it.
        """
        now_ms = self._now_ms()
        before_ms = now_ms - age_ms
        query = (
            select(change_feed.c.ver, change_feed.c.at_ms, change_feed.c.replaces)
            .where(_of(stream), change_feed.c.ver > after, change_feed.c.ver <= to)
            .order_by(change_feed.c.ver)
            .limit(self._step)
        )
        rows: list[Row[Any]] = [*tx.execute(query)]
        timed = [(at, row.at_ms) for at, row in enumerate(rows, 1) if row.at_ms <= now_ms]
        old = max((at for at, _ in takewhile(lambda one: one[1] <= before_ms, timed)), default=0)
        beyond = rows and (not timed or timed[-1][0] == old)
        if beyond and self._is_old(tx, stream, rows[-1].ver, before_ms, now_ms):
            old = len(rows)
        return rows[:old]

    def _is_old(self, tx: Connection, stream: str, after: int, before_ms: int, now_ms: int) -> bool:
        """Whether the next change whose time can be is that old."""
        later = _of(stream) & (change_feed.c.ver > after) & (change_feed.c.at_ms <= now_ms)
        at_ms = tx.scalar(select(change_feed.c.at_ms).where(later).order_by(change_feed.c.ver).limit(1))
        return at_ms is not None and at_ms <= before_ms


def _of(stream: str) -> Any:
    return change_feed.c.stream == stream


def _head(tx: Connection, stream: str) -> Row[Any]:
    return tx.execute(select(feed_head).where(feed_head.c.stream == stream)).one()


def _locked(tx: Connection, stream: str) -> Row[Any]:
    return tx.execute(select(feed_head).where(feed_head.c.stream == stream).with_for_update()).one()
