"""Snapshots: a prebuilt catalogue file per store, made when asked for and reused while it is fresh."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, delete, insert, select

from shared_models.reference import FEED_SCHEMA, Change, FeedPosition, streams_of
from shared_models.sync_api import SnapshotManifest
from sync_server.database import Database
from sync_server.errors import NotFound
from sync_server.feed import snapshot_file
from sync_server.feed.service import FeedService
from sync_server.feed.tables import change_feed, feed_head, feed_row, snapshot
from sync_server.ports import NowMs

KEPT = 3
"""Older files stay a while: a till may be in the middle of one."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Snapshots:
    def __init__(
        self, db: Database, feed: FeedService, folder: Path, stale_versions: int, now_ms: NowMs
    ) -> None:
        self._db = db
        self._feed = feed
        self._folder = folder
        self._stale_versions = stale_versions
        self._now_ms = now_ms
        self._one_at_a_time = threading.Lock()
        self._swept = False

    def manifest(self, store_id: str) -> SnapshotManifest:
        """Of a file that is fresh enough; tills that ask at the same time wait for one build."""
        with self._one_at_a_time:
            self.sweep()
            return self._fresh(store_id) or self._build(store_id)

    def blob(self, name: str) -> Path:
        path = self._folder / name
        if not _SHA256.fullmatch(name) or not path.is_file():
            raise NotFound("There is no such file any more. Ask for the snapshot again.")
        return path

    def sweep(self, but: str = "") -> None:
        """Takes away what a process before this one had begun and not ended when it was killed, `but` one file of it.

        Only the first call does something.
        """
        if self._swept or not self._folder.is_dir():
            return
        with self._db.read() as tx:
            known = {but, *tx.scalars(select(snapshot.c.sha256))}
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in known:
                path.unlink()
        self._swept = True

    def _fresh(self, store_id: str) -> SnapshotManifest | None:
        with self._db.read() as tx:
            row = tx.execute(of_store(store_id).limit(1)).one_or_none()
            if row is None or not (self._folder / row.sha256).is_file():
                return None
            manifest = manifest_of(row)
            return manifest if self._behind(tx, manifest.positions) <= self._stale_versions else None

    def _behind(self, tx: Connection, positions: tuple[FeedPosition, ...]) -> int:
        """How many versions a till would have to catch up after this snapshot; very many if it can't."""
        heads = {row.stream: row for row in tx.execute(select(feed_head))}
        behind = 0
        for at in positions:
            head = heads.get(at.stream)
            if head is None:
                continue
            if at.epoch != head.epoch or not head.compacted <= at.ver <= head.ver:
                return 1 << 62
            behind += head.ver - at.ver
        return behind

    def _build(self, store_id: str) -> SnapshotManifest:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="building-") as scratch:
            path = Path(scratch) / "catalogue.db"
            with self._db.read() as tx:
                positions = self._feed.positions(tx, store_id)
                snapshot_file.build(path, _living(tx, store_id), positions, self._now_ms())
            digest, size = snapshot_file.pack(path, self._folder)
            manifest = SnapshotManifest(
                store_id=store_id,
                feed_schema=FEED_SCHEMA,
                sha256=digest,
                size=size,
                unpacked_size=path.stat().st_size,
                positions=positions,
            )
        with self._db.write() as tx:
            tx.execute(delete(snapshot).where(snapshot.c.sha256 == digest))
            tx.execute(insert(snapshot).values(row_of(manifest, made_at_ms(tx, store_id, self._now_ms()))))
            old = tx.execute(of_store(store_id).offset(KEPT)).all()
            tx.execute(delete(snapshot).where(snapshot.c.sha256.in_([row.sha256 for row in old])))
        for row in old:
            (self._folder / row.sha256).unlink(missing_ok=True)
        return manifest


def _living(tx: Connection, store_id: str) -> Iterator[Change]:
    query = (
        select(feed_row.c.ver, feed_row.c.entity, feed_row.c.id, change_feed.c.op, change_feed.c.body)
        .join(
            change_feed,
            and_(change_feed.c.stream == feed_row.c.stream, change_feed.c.ver == feed_row.c.ver),
        )
        .where(feed_row.c.stream.in_(streams_of(store_id)))
        .execution_options(yield_per=5000)
    )
    for row in tx.execute(query):
        yield Change(row.ver, row.entity, row.id, row.op, row.body)


def made_at_ms(tx: Connection, store_id: str, now_ms: int) -> int:
    """Later than all before it: a clock that was ahead once must not make the newest file the oldest."""
    newest = tx.execute(of_store(store_id).limit(1)).one_or_none()
    return max(now_ms, newest.made_at_ms + 1 if newest else 0)


def of_store(store_id: str) -> Select[Any]:
    return (
        select(snapshot)
        .where(snapshot.c.store_id == store_id, snapshot.c.feed_schema == FEED_SCHEMA)
        .order_by(snapshot.c.made_at_ms.desc(), snapshot.c.sha256)
    )


def manifest_of(row: Row[Any]) -> SnapshotManifest:
    positions = msgspec.json.decode(row.positions, type=tuple[FeedPosition, ...])
    return SnapshotManifest(
        store_id=row.store_id,
        feed_schema=row.feed_schema,
        sha256=row.sha256,
        size=row.size,
        unpacked_size=row.unpacked_size,
        positions=positions,
    )


def row_of(manifest: SnapshotManifest, now_ms: int) -> dict[str, object]:
    row = msgspec.structs.asdict(manifest)
    return row | {"positions": msgspec.json.encode(manifest.positions).decode(), "made_at_ms": now_ms}
