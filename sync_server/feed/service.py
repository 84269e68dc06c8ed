"""Reading the feed: pages after a cursor, and whether a cursor is still good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from shared_models.reference import Change, FeedPage, FeedPosition, streams_of
from shared_models.sync_api import FeedVerdict
from sync_server.errors import Forbidden, Invalid
from sync_server.feed.tables import change_feed, feed_head

MAX_PAGE = 1000
MAX_PAGE_BYTES = 4 << 20
MAX_LEAP = 20_000
MAX_LEAP_BYTES = 8 << 20
"""More than this is not sent in one step; a snapshot is quicker."""
_MAX_VER = 2**63 - 1
UNOPENED = ""
"""The epoch of a stream in which nothing was ever published."""


class FeedService:
    """All reads of a call happen in the caller's transaction, which sees one snapshot."""

    def page(self, tx: Connection, stream: str, epoch: str, after: int, limit: int) -> FeedPage:
        head = _head(tx, stream)
        if not 0 <= after <= _MAX_VER:
            raise Invalid("No version of a stream has such a number.")
        if head is None:
            return FeedPage(stream, UNOPENED, after, after, 0, reset=epoch != UNOPENED or after != 0)
        if (
            epoch not in (head.epoch, UNOPENED)
            or not head.floor <= after <= head.ver
            or (after and not epoch)
        ):
            return FeedPage(stream, head.epoch, after, after, head.ver, reset=True)
        if after < head.compacted:
            return _leap(tx, head, after)
        rows = _changes(tx, stream, after, head.ver, max(1, min(limit, MAX_PAGE)), MAX_PAGE_BYTES)
        to = rows[-1].ver if rows else after
        checksum = int(rows[-1].checksum_after) if rows else int(_checksum_at(tx, head, after) or 0)
        return _page(head, after, to, rows, checksum)

    def verdicts(
        self, tx: Connection, store_id: str, held: tuple[FeedPosition, ...]
    ) -> tuple[FeedVerdict, ...]:
        """One for every stream that the store's tills follow, whether the till named it or not."""
        positions = {position.stream: position for position in held}
        return tuple(_verdict(tx, stream, positions.get(stream)) for stream in streams_of(store_id))

    def positions(self, tx: Connection, store_id: str) -> tuple[FeedPosition, ...]:
        heads = ((stream, _head(tx, stream)) for stream in streams_of(store_id))
        return tuple(
            FeedPosition(stream, head.epoch, head.ver, int(head.checksum))
            if head
            else FeedPosition(stream, UNOPENED, 0, 0)
            for stream, head in heads
        )


def heads(tx: Connection) -> dict[str, tuple[str, int]]:
    """{stream: (epoch, version)} of all streams."""
    return {row.stream: (row.epoch, row.ver) for row in tx.execute(select(feed_head))}


def check_stream(store_id: str, stream: str) -> None:
    """A till reads its own store's streams; the others hold other people's PIN hashes."""
    if stream not in streams_of(store_id):
        raise Forbidden(f"A till of store {store_id} does not follow '{stream}'.", stream=stream)


def _leap(tx: Connection, head: Row[Any], after: int) -> FeedPage:
    """Over the compacted part in one step, however long: between its versions no checksum holds."""
    rows = _changes(tx, head.stream, after, head.compacted, MAX_LEAP, MAX_LEAP_BYTES)
    if not rows or rows[-1].ver != head.compacted:
        return FeedPage(head.stream, head.epoch, after, after, head.ver, reset=True)
    return _page(head, after, head.compacted, rows, int(rows[-1].checksum_after))


def _page(head: Row[Any], after: int, to: int, rows: list[Row[Any]], checksum: int) -> FeedPage:
    newest = {(row.entity, row.id): row for row in rows}
    changes = tuple(
        Change(row.ver, row.entity, row.id, row.op, row.body)
        for row in sorted(newest.values(), key=lambda row: row.ver)
    )
    return FeedPage(head.stream, head.epoch, after, to, head.ver, changes, checksum, more=to < head.ver)


def _verdict(tx: Connection, stream: str, held: FeedPosition | None) -> FeedVerdict:
    head = _head(tx, stream)
    if head is None:
        fresh = held is None or held.ver == 0
        return FeedVerdict(stream=stream, state="ok" if fresh else "reset", epoch=UNOPENED, head=0)
    state = "behind"
    if held is not None and held.ver:
        at = _checksum_at(tx, head, held.ver)
        fits = at == str(held.checksum) or (at is None and held.ver < head.compacted)
        sound = held.epoch == head.epoch and held.ver >= head.floor and fits
        state = "reset" if not sound else "ok" if held.ver == head.ver else "behind"
    elif head.floor:
        state = "reset"
    return FeedVerdict(stream=stream, state=state, epoch=head.epoch, head=head.ver)


def _head(tx: Connection, stream: str) -> Row[Any] | None:
    return tx.execute(select(feed_head).where(feed_head.c.stream == stream)).one_or_none()


def _checksum_at(tx: Connection, head: Row[Any], ver: int) -> str | None:
    """The checksum of a copy at `ver`; None where that is not known any more, or never was."""
    if ver == head.ver:
        return str(head.checksum)
    if ver == 0:
        return "0"
    query = select(change_feed.c.checksum_after).where(
        change_feed.c.stream == head.stream, change_feed.c.ver == ver
    )
    return tx.scalar(query) or None


def _changes(tx: Connection, stream: str, after: int, to: int, most: int, most_bytes: int) -> list[Row[Any]]:
    """At least one row where there is one, then as many as fit."""
    query = (
        select(change_feed)
        .where(change_feed.c.stream == stream, change_feed.c.ver > after, change_feed.c.ver <= to)
        .order_by(change_feed.c.ver)
        .limit(most)
    )
    rows: list[Row[Any]] = []
    size = 0
    for row in tx.execute(query):
        size += len(row.body)
        if rows and size > most_bytes:
            break
        rows.append(row)
    return rows
