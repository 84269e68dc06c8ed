"""The sync engine as threads: one sends, one fetches, one waits for hints. None ever holds up a sale."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from threading import Lock

import msgspec

from pos_client.sync.back_off import BackOff
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.downward import Downward
from pos_client.sync.outcomes import Reply, Unreachable
from pos_client.sync.ports import CatalogueCopy, Outbox
from pos_client.sync.pull import PullCore
from pos_client.sync.pull_messages import PullPoked, VerdictsHeard
from pos_client.sync.push import PushCore
from pos_client.sync.server_port import Connect, Server
from pos_client.sync.status import Report, StatusBoard, SyncStatus
from pos_client.sync.turns import Turns
from pos_client.sync.upward import Upward
from pos_client.sync.vouching import Learn, Vouching
from pos_client.till.ports import Clock
from shared_models.protocol import PROTOCOL
from shared_models.reference import FEED_SCHEMA, FeedPosition, streams_of
from shared_models.server_keys import KeyTerm
from shared_models.sync_api import MAX_SEGMENTS, FeedVerdict, Hello, SegmentState

STOP_WITHIN_S = 0.9
REST_AFTER_HINT_S = 1.0


class Place(msgspec.Struct, frozen=True):
    """The till as the server knows it, from its enrolment."""

    device_id: str
    till_id: str
    store_id: str
    app: str = ""
    server_terms: tuple[KeyTerm, ...] = ()


class SyncWorker:
    """`start`, `wake` after every sale, `stop`. `report` hears every change of status, on its threads."""

    def __init__(
        self,
        place: Place,
        outbox: Outbox,
        copy: CatalogueCopy,
        connect: Connect,
        downloads: Path,
        clock: Clock,
        report: Report,
        learn_server_keys: Learn = lambda terms: None,
    ) -> None:
        self._place = place
        self._outbox = outbox
        self._copy = copy
        self._connect = connect
        self._downloads = downloads
        self._clock = clock
        self._board = StatusBoard(report)
        self._vouching = Vouching(place.server_terms, learn_server_keys)
        self._lock = Lock()
        self._server: Server | None = None
        self._upward: Upward | None = None
        self._downward: Downward | None = None
        self._poke_back_off = BackOff(_jitter)
        self._line_is_down = False
        self._hinted_at: tuple[FeedPosition, ...] | None = None
        self._up = Turns("sync-up", self._turn_up)
        self._down = Turns("sync-down", self._turn_down)
        self._pokes = Turns("sync-poke", self._turn_poke)
        self._threads = (self._up, self._down, self._pokes)

    @property
    def status(self) -> SyncStatus:
        return self._board.status

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is something to send."""
        self._up.wake()

    def line_is_back(self) -> None:
        """The machine has a network again: whoever waits for the line need not wait any longer."""
        if self._upward is not None:
            self._upward.poked()
        self._up.wake()
        self.refresh()

    def refresh(self) -> None:
        """Someone wants the catalogue to be fresh now."""
        if self._downward is not None:
            self._downward.hear(PullPoked())
        self._down.wake()

    def path_changed(self, path: str) -> None:
        """Another server is spoken to from now on, which may hold more or less of the journal."""
        self._board.change(path=path)
        self._find_out()

    def stop(self) -> bool:
        """Within a second, also while the server hangs; whether all threads are done already."""
        for thread in self._threads:
            thread.ask_to_stop()
        with self._lock:
            server = self._server
        if server is not None:
            server.abort()
        end = time.monotonic() + STOP_WITHIN_S
        done = [thread.stopped_within(max(0.0, end - time.monotonic())) for thread in self._threads]
        if all(done) and server is not None:
            server.close()
        return all(done)

    def _stopping(self) -> bool:
        return self._up.stopping()

    def _met(self) -> Server:
        """The connection, made by the first thread that needs it: loading the HTTP library takes a while."""
        with self._lock:
            if self._server is None:
                self._server = self._connect()
            return self._server

    def _turn_up(self) -> float:
        if self._upward is None:
            self._upward = Upward(
                PushCore(_jitter),
                self._met(),
                self._outbox,
                self._board,
                self._clock,
                self._hello,
                self._heard_feeds,
                self._stopping,
                self._vouching,
            )
        return self._upward.turn()

    def _turn_down(self) -> float:
        if self._downward is None:
            server = self._met()
            self._downward = Downward(
                PullCore(streams_of(self._place.store_id), _jitter),
                server,
                self._copy,
                Bootstrap(server, self._downloads, self._copy, self._stopping),
                self._place.store_id,
                self._board,
                self._clock,
                self._stopping,
            )
        return self._downward.turn()

    def _turn_poke(self) -> float:
        """A hint wakes the download; the same hint again, which the download can't use, comes ever slower."""
        have = self._copy.positions()
        outcome = self._met().poke(have)
        if not isinstance(outcome, Reply):
            if not self._line_is_down:
                self._line_is_down = True
                self._find_out()
            if isinstance(outcome, Unreachable) and not outcome.sent:
                self._board.line_lost(outcome)
            return self._poke_back_off.failed() / 1000
        self._board.line_found(self._clock.now().at_ms)
        if self._line_is_down:
            self._line_is_up()
        if not outcome.value.streams:
            return 0.0
        self.refresh()
        if have == self._hinted_at:
            return REST_AFTER_HINT_S + self._poke_back_off.failed() / 1000
        self._hinted_at = have
        self._poke_back_off.succeeded()
        return REST_AFTER_HINT_S

    def _line_is_up(self) -> None:
        self._line_is_down = False
        self._poke_back_off.succeeded()
        if self._upward is not None:
            self._upward.poked()
        self._up.wake()
        self.refresh()

    def _find_out(self) -> None:
        """A hint that was cut off proves nothing about the line, nor a new way; a greeting does."""
        if self._upward is not None:
            self._upward.doubted()
        self._up.wake()

    def _heard_feeds(self, feeds: tuple[FeedVerdict, ...]) -> None:
        stale = tuple(feed for feed in feeds if feed.state != "ok")
        if stale and self._downward is not None:
            self._downward.hear(VerdictsHeard(stale))
            self._down.wake()

    def _hello(self, segments: tuple[SegmentState, ...]) -> Hello:
        return Hello(
            device_id=self._place.device_id,
            till_id=self._place.till_id,
            protocol=PROTOCOL,
            app=self._place.app,
            feed_schema=FEED_SCHEMA,
            till_time_ms=self._clock.now().at_ms,
            segments=segments[-MAX_SEGMENTS:],
            feeds=self._copy.positions(),
            unsent=sum(segment.head_seq - segment.acked for segment in segments),
            free_mb=_free_mb(self._downloads),
        )


def _jitter(ceiling: int) -> int:
    return secrets.randbelow(ceiling + 1)


def _free_mb(directory: Path) -> int:
    """Of the nearest folder that exists."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return shutil.disk_usage(directory).free >> 20
