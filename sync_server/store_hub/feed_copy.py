"""The hub's own copy of the feed: the central server's pages as they came, and its prebuilt catalogue files.

Versions, epochs and checksums are the central server's: a till may change between both at any version.
"""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from shared_models.errors import ShopError
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import FeedVerdict, SnapshotManifest
from sync_server.bulk_rows import insert_rows
from sync_server.database import Database
from sync_server.feed import snapshots
from sync_server.feed.service import FeedService
from sync_server.feed.snapshots import Snapshots
from sync_server.feed.tables import change_feed, feed_head, snapshot
from sync_server.ports import NowMs

UNKNOWN = ""
"""Stands for a checksum that only the central server knows."""


class HubBehind(ShopError):
    """The central server is to be asked instead."""

    code = "hub_behind"
    status = 503


class CopiedFeed(FeedService):
    """Serves the copy, and says where it can't: a till that knows more than this hub is never sent back."""

    def page(self, tx: Connection, stream: str, epoch: str, after: int, limit: int) -> FeedPage:
        head = _head(tx, stream)
        if head is None or _is_elsewhere(head, epoch, after):
            raise HubBehind(f"The store's hub has no such version of '{stream}'. Ask the central server.")
        return super().page(tx, stream, epoch, after, limit)

    def verdicts(
        self, tx: Connection, store_id: str, held: tuple[FeedPosition, ...]
    ) -> tuple[FeedVerdict, ...]:
        """Of what is elsewhere the hub has nothing to say."""
        at = {position.stream: position for position in held}
        said = []
        for verdict in super().verdicts(tx, store_id, held):
            head, till = _head(tx, verdict.stream), at.get(verdict.stream)
            if head is None or (till is not None and _is_elsewhere(head, till.epoch, till.ver)):
                continue
            said.append(verdict)
        return tuple(said)


class CopiedSnapshots(Snapshots):
    """The central server's files under their own names; none is built here."""

    def __init__(self, db: Database, feed: FeedService, folder: Path, now_ms: NowMs) -> None:
        super().__init__(db, feed, folder, 0, now_ms)
        self._copies = db
        self.folder = folder

    def manifest(self, store_id: str) -> SnapshotManifest:
        with self._copies.read() as tx:
            found = newest_manifest(tx, store_id)
        if found is None or not (self.folder / found.sha256).is_file():
            raise HubBehind("The store's hub has no catalogue yet. Ask the central server.")
        return found


def positions(tx: Connection, streams: tuple[str, ...]) -> dict[str, FeedPosition]:
    rows = tx.execute(select(feed_head).where(feed_head.c.stream.in_(streams)))
    return {row.stream: FeedPosition(row.stream, row.epoch, row.ver, int(row.checksum)) for row in rows}


def add_page(tx: Connection, page: FeedPage, now_ms: int) -> bool:
    """False, with nothing changed, when it starts elsewhere than where the copy stands.

    Where changes were left out of it, no till can stand between: from below it is one step to its end.
    """
    head = _head(tx, page.stream)
    if head is None or (head.epoch, head.ver) != (page.epoch, page.after):
        return False
    if page.to == page.after:
        return True
    rows = []
    for change in page.changes:
        checksum = str(page.checksum_after) if change.ver == page.to else UNKNOWN
        what = (change.entity, change.id, change.op, change.body)
        rows.append((page.stream, change.ver, *what, checksum, now_ms, None))
    insert_rows(tx, change_feed, rows)
    said = {"ver": page.to, "checksum": str(page.checksum_after), "compacted": page.to}
    tx.execute(update(feed_head).where(feed_head.c.stream == page.stream).values(said))
    return True


def start_from(tx: Connection, manifest: SnapshotManifest) -> None:
    """Each stream stands where the file has it; what was known before is of another history, or too old."""
    for at in manifest.positions:
        for table in (change_feed, feed_head):
            tx.execute(delete(table).where(table.c.stream == at.stream))
        row = {"stream": at.stream, "epoch": at.epoch, "ver": at.ver, "checksum": str(at.checksum)}
        tx.execute(insert(feed_head).values(row | {"floor": at.ver, "compacted": at.ver}))


def newest_manifest(tx: Connection, store_id: str) -> SnapshotManifest | None:
    row = tx.execute(snapshots.of_store(store_id).limit(1)).one_or_none()
    return snapshots.manifest_of(row) if row is not None else None


def add_snapshot(tx: Connection, manifest: SnapshotManifest, now_ms: int) -> list[str]:
    """The names of files that nobody needs any more."""
    tx.execute(delete(snapshot).where(snapshot.c.sha256 == manifest.sha256))
    made_at_ms = snapshots.made_at_ms(tx, manifest.store_id, now_ms)
    tx.execute(insert(snapshot).values(snapshots.row_of(manifest, made_at_ms)))
    old = tx.execute(snapshots.of_store(manifest.store_id).offset(snapshots.KEPT)).all()
    tx.execute(delete(snapshot).where(snapshot.c.sha256.in_([row.sha256 for row in old])))
    return [row.sha256 for row in old]


def _head(tx: Connection, stream: str) -> Row[Any] | None:
    return tx.execute(select(feed_head).where(feed_head.c.stream == stream)).one_or_none()


def _is_elsewhere(head: Row[Any], epoch: str, ver: int) -> bool:
    """Further on than this copy, or in another history, of which only the central server knows if it is the newer."""
    return bool(epoch) and ver > 0 and (epoch != head.epoch or ver > head.ver)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
