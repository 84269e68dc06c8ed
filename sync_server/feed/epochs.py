"""A new history for every stream: what a server needs whose database was put back from a backup."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from sync_server.feed.tables import feed_head
from sync_server.ports import NewId, random_id


def new_epochs(tx: Connection, new_id: NewId = random_id) -> int:
    """Give every stream a fresh epoch; how many there are.

    Versions go on from where they stand, but mean something else than they did on the dead timeline: every
    cursor from before is told to start over, and no prebuilt file from before is given out.
    """
    streams = tx.scalars(select(feed_head.c.stream).order_by(feed_head.c.stream).with_for_update()).all()
    if streams:
        by_stream = update(feed_head).where(feed_head.c.stream == bindparam("of"))
        tx.execute(
            by_stream.values(epoch=bindparam("epoch")),
            [{"of": stream, "epoch": new_id()} for stream in streams],
        )
    return len(streams)
