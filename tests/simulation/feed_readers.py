"""Readers that follow while others write: one as a till does, one as many a peer does."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from shared_models import reference
from shared_models.reference import PUT, FeedPage
from sync_server.database import Database
from sync_server.feed.service import FeedService
from tests.simulation.feed_load import STREAMS, naive_change

_REST_S = 0.005
_NAIVE_PAGE = 5000


class Served(NamedTuple):
    """A range that a reader moved its cursor over, and what the database showed it at that moment."""

    stream: str
    after: int
    to: int
    snapshot: str


class Follower:
    """Goes round all streams by pages, and holds what it got as a till would."""

    def __init__(self, db: Database, limit: int = 1000) -> None:
        self._db = db
        self._limit = limit
        self._feed = FeedService()
        self.at = dict.fromkeys(STREAMS, 0)
        self.epochs = dict.fromkeys(STREAMS, "")
        self.hashes: dict[str, dict[str, int]] = {stream: {} for stream in STREAMS}
        self.checksums = dict.fromkeys(STREAMS, 0)
        self.received: dict[str, set[int]] = {stream: set() for stream in STREAMS}
        self.served: list[Served] = []
        self.out_of_order = 0
        self.wrong_checksums = 0

    def follow(self, done: Event) -> None:
        """Until all is written, and to the end of that."""
        while True:
            last = done.is_set()
            while self._go_round():
                pass
            if last:
                return
            done.wait(_REST_S)

    def _go_round(self) -> bool:
        """Whether there is more."""
        more = [self._pull(stream) for stream in STREAMS]
        return any(more)

    def _pull(self, stream: str) -> bool:
        after = self.at[stream]
        with self._db.read() as tx:
            page = self._feed.page(tx, stream, self.epochs[stream], after, self._limit)
            snapshot = _snapshot(tx)
        versions = [change.ver for change in page.changes]
        in_order = versions == sorted(set(versions)) and not (versions and versions[0] <= after)
        self.out_of_order += page.reset or page.after != after or page.to < after or not in_order
        self._take(stream, page)
        if page.to > after:
            self.served.append(Served(stream, after, page.to, snapshot))
        return page.more

    def _take(self, stream: str, page: FeedPage) -> None:
        held, total = self.hashes[stream], self.checksums[stream]
        for change in page.changes:
            removed, added = held.pop(change.id, 0), 0
            if change.op == PUT:
                added = held[change.id] = reference.row_hash(change.entity, change.id, change.body)
            total = reference.checksum_with(total, removed=removed, added=added)
        self.wrong_checksums += total != page.checksum_after
        self.checksums[stream], self.at[stream], self.epochs[stream] = total, page.to, page.epoch
        self.received[stream].update(change.ver for change in page.changes)


class NaiveFollower:
    """Polls `id > last seen` over numbers of a sequence."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.cursor = 0
        self.seen = 0
        self.served: list[Served] = []

    def follow(self, done: Event) -> None:
        while True:
            last = done.is_set()
            while self._pull():
                pass
            if last:
                return
            done.wait(_REST_S)

    def _pull(self) -> bool:
        after = self.cursor
        query = select(naive_change.c.id).where(naive_change.c.id > after).order_by(naive_change.c.id)
        with self._db.read() as tx:
            ids = tx.scalars(query.limit(_NAIVE_PAGE)).all()
            snapshot = _snapshot(tx)
        if ids:
            self.cursor = ids[-1]
            self.seen += len(ids)
            self.served.append(Served("naive", after, self.cursor, snapshot))
        return len(ids) == _NAIVE_PAGE


Follow = Callable[[Event], None]


def _snapshot(tx: Connection) -> str:
    """Which transactions this read sees; empty on SQLite, where one writes at a time."""
    if tx.dialect.name != "postgresql":
        return ""
    return str(tx.scalar(text("select pg_current_snapshot()::text")))
