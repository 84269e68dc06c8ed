"""A server put back from a backup starts a new history in every stream."""

from __future__ import annotations

import itertools

from sqlalchemy import select

from shared_models.catalogue import Category
from sync_server.database import Database
from sync_server.feed.epochs import new_epochs
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService
from sync_server.feed.tables import feed_head


def test_after_new_epochs_every_cursor_of_before_starts_over(database: Database) -> None:
    numbers = itertools.count(1)
    publisher = FeedPublisher(lambda: 1, lambda: f"epoch-{next(numbers)}", lambda streams: None)
    publisher.join(database)
    streams = ("catalogue", "config/03")
    with database.write() as tx:
        for stream in streams:
            publisher.publish(tx, stream, Category("c1", "Tea"))
    with database.read() as tx:
        before = [position for position in FeedService().positions(tx, "03") if position.ver]
    assert len(before) == len(streams)

    with database.write() as tx:
        assert new_epochs(tx, lambda: f"epoch-{next(numbers)}") == 2

    with database.read() as tx:
        for held in before:
            assert FeedService().page(tx, held.stream, held.epoch, held.ver, 10).reset
        verdicts = {
            verdict.stream: verdict.state for verdict in FeedService().verdicts(tx, "03", tuple(before))
        }
        assert [verdicts[stream] for stream in streams] == ["reset", "reset"]
        after = FeedService().positions(tx, "03")
        epochs = set(tx.scalars(select(feed_head.c.epoch)))
    assert {(p.ver, p.checksum) for p in before} == {(p.ver, p.checksum) for p in after if p.ver}
    assert len(epochs) == 2, "each stream has its own"
    assert not epochs & {held.epoch for held in before}


def test_a_server_without_streams_has_none_to_start_anew(database: Database) -> None:
    with database.write() as tx:
        assert new_epochs(tx) == 0
