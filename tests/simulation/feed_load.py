"""Writers that publish at once: long and short transactions, several streams, shared things, rollbacks."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table

from shared_models import reference
from shared_models.catalogue import Category
from sync_server.bulk_rows import insert_rows
from sync_server.database import Database
from sync_server.feed.publisher import FeedPublisher

STREAMS = ("catalogue", "config/03", "price/03", "staff/03")
naive_change = Table(
    "naive_change",
    MetaData(),
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("writer", BigInteger, nullable=False),
)
"""The same changes as many a peer numbers them: by a sequence, followed by `id > last seen`."""
_numbers_only = Table("naive_change", MetaData(), Column("writer", BigInteger))
_SHARED = 20
_ROLLBACKS = 0.1
_LINGERS = 0.05


class Load(msgspec.Struct, frozen=True):
    """`most_pause_s`: how long a transaction is open at most before it publishes; `batch`: changes in one at most."""

    url: str
    changes: int
    writers: int = 16
    processes: int = 4
    most_pause_s: float = 0.5
    batch: int = 400
    seed: int = 1

    def with_naive(self) -> bool:
        """SQLite has one writer at a time: there no sequence can be overtaken."""
        return self.url.startswith("postgresql")


class Ledger(msgspec.Struct):
    """What one writer committed: versions by stream, and its own things that live, with their row hashes."""

    versions: Counter[str] = msgspec.field(default_factory=Counter)
    living: dict[tuple[str, str], int] = msgspec.field(default_factory=dict)
    transactions: int = 0
    rollbacks: int = 0

    def add(self, other: Ledger) -> None:
        self.versions += other.versions
        self.living |= other.living
        self.transactions += other.transactions
        self.rollbacks += other.rollbacks


def write_all(load: Load) -> Ledger:
    """Returns when every writer has committed its share."""
    shares = [range(first, load.writers, load.processes) for first in range(load.processes)]
    total = Ledger()
    if load.processes == 1:
        total.add(_share(load, shares[0]))
        return total
    with ProcessPoolExecutor(load.processes, multiprocessing.get_context("spawn")) as pool:
        running: list[Future[Ledger]] = [pool.submit(_share, load, share) for share in shares]
        for done in running:
            total.add(done.result())
    return total


def _share(load: Load, writers: Sequence[int]) -> Ledger:
    """The writers of one process: threads over one database, as in a server."""
    db = Database(load.url, pool_size=len(writers))
    publisher = FeedPublisher(lambda: 1, lambda: "epoch-1", lambda streams: None)
    publisher.join(db)
    db.before_commit.append(lambda tx: _linger(load))
    total = Ledger()
    try:
        with ThreadPoolExecutor(len(writers)) as pool:
            for ledger in pool.map(lambda number: Writer(db, publisher, load, number).run(), writers):
                total.add(ledger)
    finally:
        db.close()
    return total


def _linger(load: Load) -> None:
    """Slow to commit what has its version already."""
    if random.random() < _LINGERS:
        time.sleep(random.random() * load.most_pause_s / 5)


class _ChangedMind(Exception):
    """The transaction is rolled back."""


class Step(NamedTuple):
    """`body` is None for a withdrawal."""

    stream: str
    id: str
    body: Category | None


class Writer:
    """Its things are its own, so that its last word on each is known; a few it shares with all the others."""

    def __init__(self, db: Database, publisher: FeedPublisher, load: Load, number: int) -> None:
        self._db = db
        self._publisher = publisher
        self._load = load
        self._number = number
        self._dice = random.Random(load.seed * 1000 + number)
        self._serial = number * 10**9
        self._own: dict[str, list[str]] = {stream: [] for stream in STREAMS}
        self.ledger = Ledger()

    def run(self) -> Ledger:
        share = self._load.changes // self._load.writers
        while (left := share - self.ledger.versions.total()) > 0:
            steps = self._plan(self._dice.randint(1, min(left, self._load.batch)))
            try:
                self._commit(steps)
            except _ChangedMind:
                self.ledger.rollbacks += 1
            else:
                self._note(steps)
        return self.ledger

    def _commit(self, steps: Sequence[Step]) -> None:
        with self._db.write() as tx:
            if self._load.with_naive():
                insert_rows(tx, _numbers_only, [(self._number,)] * len(steps))
            time.sleep(self._dice.random() * self._load.most_pause_s)
            for step in steps:
                if step.body is None:
                    self._publisher.withdraw(tx, step.stream, "category", step.id)
                else:
                    self._publisher.publish(tx, step.stream, step.body)
            if self._dice.random() < _ROLLBACKS:
                raise _ChangedMind

    def _plan(self, count: int) -> list[Step]:
        """Every step is a version: no thing twice, and nothing as it was."""
        streams = self._dice.sample(STREAMS, self._dice.randint(1, 3))
        steps = {}
        while len(steps) < count:
            step = self._step(self._dice.choice(streams))
            steps[step.stream, step.id] = step
        return list(steps.values())

    def _step(self, stream: str) -> Step:
        self._serial += 1
        own, name = self._own[stream], str(self._serial)
        fate = self._dice.random()
        if fate < 0.05:
            shared = f"shared-{self._dice.randrange(_SHARED)}"
            return Step(stream, shared, Category(shared, name))
        if fate < 0.35 and own:
            id = self._dice.choice(own)
            alive = (stream, id) in self.ledger.living
            return Step(stream, id, None if alive and fate < 0.15 else Category(id, name))
        return Step(stream, name, Category(name, name))

    def _note(self, steps: Sequence[Step]) -> None:
        ledger = self.ledger
        ledger.transactions += 1
        ledger.versions.update(step.stream for step in steps)
        for stream, id, body in steps:
            if id.startswith("shared"):
                continue
            if body is None:
                del ledger.living[stream, id]
                continue
            if id == body.name:
                self._own[stream].append(id)
            ledger.living[stream, id] = reference.row_hash(*reference.encode(body))
