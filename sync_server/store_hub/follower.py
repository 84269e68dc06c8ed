"""The hub follows the feed as a till does, and wakes its tills with what came."""

from __future__ import annotations

from collections.abc import Callable

from shared_models.reference import FeedPage, FeedPosition, streams_of
from shared_models.sync_api import SnapshotManifest
from sync_server.database import Database
from sync_server.feed.pokes import PokeBoard
from sync_server.ports import ElapsedMs, NowMs
from sync_server.store_hub import feed_copy
from sync_server.store_hub.central import CentralAway
from sync_server.store_hub.feed_copy import CopiedSnapshots
from sync_server.store_hub.ports import CentralServer

SNAPSHOT_EVERY_MS = 600_000


class Follower:
    """One thread calls `round`: all that is new, then it waits at the central server for more."""

    def __init__(
        self,
        db: Database,
        central: CentralServer,
        snapshots: CopiedSnapshots,
        store_id: str,
        board: PokeBoard,
        now_ms: NowMs,
        elapsed_ms: ElapsedMs,
        is_going: Callable[[], bool],
    ) -> None:
        self._db = db
        self._central = central
        self._snapshots = snapshots
        self._store_id = store_id
        self._streams = streams_of(store_id)
        self._board = board
        self._now_ms = now_ms
        self._elapsed_ms = elapsed_ms
        self._is_going = is_going
        self._snapshot_due_ms = elapsed_ms()

    def round(self) -> float:
        """The seconds until the next one; it has waited already."""
        at = self._positions()
        if set(at) != set(self._streams) or not self._catch_up():
            self._start_over()
            if not self._catch_up(is_fresh=True):
                raise CentralAway("The catalogue's newest file is older than its feed. It is fetched again.")
        elif self._elapsed_ms() >= self._snapshot_due_ms:
            self._renew_snapshot()
        if self._is_going():
            self._central.poke(tuple(self._positions().values()))
        return 0.0

    def _catch_up(self, is_fresh: bool = False) -> bool:
        """False where only a whole catalogue helps; `is_fresh` where one has just come."""
        news: set[str] = set()
        try:
            for stream in self._streams:
                if not self._follow(stream, news, is_fresh):
                    return False
        finally:
            if news:
                self._board.tell(frozenset(news))
        return True

    def _follow(self, stream: str, news: set[str], is_fresh: bool) -> bool:
        while self._is_going():
            at = self._positions()[stream]
            page = self._central.page(stream, at.epoch, at.ver)
            if page.reset or page.epoch != at.epoch or not self._leads_on(page, at, is_fresh):
                return False
            with self._db.write() as tx:
                if not feed_copy.add_page(tx, page, self._now_ms()):
                    return False
            if page.to > page.after:
                news.add(stream)
            if not page.more:
                return True
        return True

    def _leads_on(self, page: FeedPage, at: FeedPosition, is_fresh: bool) -> bool:
        """Whether the copy at `at` is of the history that the page is of; where nothing shows it, a fresh one is.

        A server that was set back, with nobody saying so, may have grown past `at` since. What it had there is the
        end of the one change before. It is asked for after the page came: the server may be set back at any time.
        """
        if page.to == at.ver:
            return page.checksum_after == at.checksum
        if at.ver == 0:
            return True
        step = self._central.page(at.stream, at.epoch, at.ver - 1, limit=1)
        if step.epoch != at.epoch:
            return False
        if step.reset or step.to != at.ver:
            return is_fresh
        return step.checksum_after == at.checksum

    def _start_over(self) -> None:
        manifest = self._fetched()
        with self._db.write() as tx:
            feed_copy.start_from(tx, manifest)
        self._board.tell(frozenset(self._streams))

    def _renew_snapshot(self) -> None:
        """So that a till that comes new has little to catch up."""
        self._fetched()
        self._snapshot_due_ms = self._elapsed_ms() + SNAPSHOT_EVERY_MS

    def _fetched(self) -> SnapshotManifest:
        manifest = self._central.manifest(self._store_id)
        folder = self._snapshots.folder
        folder.mkdir(parents=True, exist_ok=True)
        whole, part = folder / manifest.sha256, folder / f"{manifest.sha256}.part"
        self._snapshots.sweep(but=part.name)
        if not whole.is_file():
            self._central.blob(manifest.sha256, part)
            if feed_copy.digest_of(part) != manifest.sha256:
                if part.stat().st_size >= manifest.size:
                    part.unlink()
                raise CentralAway("The catalogue's file did not come whole. It is fetched again.")
            part.replace(whole)
        with self._db.write() as tx:
            old = feed_copy.add_snapshot(tx, manifest, self._now_ms())
        for name in old:
            (folder / name).unlink(missing_ok=True)
        return manifest

    def _positions(self) -> dict[str, FeedPosition]:
        with self._db.read() as tx:
            return feed_copy.positions(tx, self._streams)
