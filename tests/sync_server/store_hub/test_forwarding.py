"""How a hub gets on with a central server that dies of what it is sent, and with a clock that is set wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import msgspec
import pytest

from shared_models import wire
from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.journal import START
from shared_models.reference import FeedPage, FeedPosition
from shared_models.store_config import StoreConfig
from shared_models.sync_api import (
    Challenge,
    HashesReply,
    HashesRequest,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
    Token,
)
from sync_server.database import Database, DatabaseBusy
from sync_server.exceptions.service import ExceptionService
from sync_server.feed.service import MAX_PAGE
from sync_server.ingest.raw_frames import RawFrames
from sync_server.ports import NowMs
from sync_server.store_hub import journals
from sync_server.store_hub.aside import REFUSED_AGAIN_MS
from sync_server.store_hub.central import Central, CentralAway, CentralRefused
from sync_server.store_hub.forwarder import HELLO_EVERY_MS, Forwarder
from sync_server.store_hub.rounds import Rounds
from tests.sync_server.conftest import Clock
from tests.sync_server.store_hub.test_journals import WHO, AHubsBooks

_TEN_YEARS_MS = 10 * 365 * 86_400_000


class Fragile:
    """A central server that dies of one entry, and holds one journal up to `high`."""

    def __init__(self, books: AHubsBooks, deadly_seq: int) -> None:
        self._till = books.till
        self._deadly_seq = deadly_seq
        self.high = 0
        self.deaths = 0
        self.hellos = 0
        self.raw: list[int] = []

    def hello(self, said: HubHello) -> HubHelloReply:
        self.hellos += 1
        return HubHelloReply(
            server_time_ms=0,
            protocol=said.protocol,
            store=msgspec.json.encode(StoreConfig(store_id="03", name="Corner", currency="EUR")),
            tills=(),
            devices=(),
            journals=(),
        )

    def push(self, device_id: str, push: Push) -> PushReply:
        if push.first_seq <= self._deadly_seq < push.first_seq + len(push.entries):
            self.deaths += 1
            raise CentralAway("no answer", was_sent=True)
        self.high = push.first_seq + len(push.entries) - 1
        return self._reply()

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        self.raw.append(wire.unpack(frame, Push).first_seq)
        self.high += self.raw[-1] == self.high + 1
        return self._reply()

    def _reply(self) -> PushReply:
        digest = self._till.entries[self.high - 1].hash if self.high else START
        return PushReply(incarnation=self._till.incarnation, high=self.high, hash=digest)

    def hashes(self, device_id: str, asked: HashesRequest) -> HashesReply:
        raise AssertionError("nothing is to be compared")

    def page(self, stream: str, epoch: str, after: int, limit: int = MAX_PAGE) -> FeedPage:
        raise AssertionError("the follower asks for this")

    def manifest(self, store_id: str) -> SnapshotManifest:
        raise AssertionError("the follower asks for this")

    def blob(self, sha256: str, to: Path) -> None:
        raise AssertionError("the follower asks for this")

    def poke(self, have: Sequence[FeedPosition]) -> Poke:
        raise AssertionError("the follower asks for this")

    def close(self) -> None:
        pass


@pytest.fixture
def books(sqlite_database: Database, clock: Clock) -> AHubsBooks:
    with sqlite_database.write() as tx:
        books = AHubsBooks(tx, clock)
        books.take(1, 8)
        books.hear(0)
    return books


def forwarder(db: Database, central: Fragile, now_ms: NowMs, elapsed_ms: NowMs) -> Forwarder:
    return Forwarder(db, central, central, "hub", now_ms, elapsed_ms, lambda: True)


def test_an_entry_that_kills_the_central_server_is_found_and_brought_raw_and_the_others_arrive(
    sqlite_database: Database, books: AHubsBooks, clock: Clock
) -> None:
    central = Fragile(books, deadly_seq=5)
    hub = forwarder(sqlite_database, central, clock, lambda: 0)
    rounds = Rounds("up", hub.round, jitter=lambda most: 0)
    for _ in range(20):
        rounds.turn()
    assert (central.high, central.raw) == (8, [5])
    assert central.deaths <= 9
    with sqlite_database.read() as tx:
        assert journals.waiting(tx) == (0, None)


class Choosy(Fragile):
    """A central server, or a proxy before it, that takes no frame of more than a few bytes."""

    def __init__(self, books: AHubsBooks) -> None:
        super().__init__(books, deadly_seq=0)
        self.refusals = 0

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        if len(frame) < 10:
            self.raw.append(len(frame))
            return None
        self.refusals += 1
        raise CentralRefused("too large", 413, "too_large")


@pytest.mark.expects_log
def test_frames_that_the_central_server_refuses_keep_nobody_waiting_and_are_brought_again_later(
    sqlite_database: Database, books: AHubsBooks, clock: Clock
) -> None:
    raw_frames = RawFrames(ExceptionService(clock), clock)
    with sqlite_database.write() as tx:
        for number in range(120):
            raw_frames.keep(tx, WHO, b"a large frame %d" % number, "it fails")
            clock.advance(1)
        raw_frames.keep(tx, WHO, b"small", "it fails")
    elapsed, central = [0], Choosy(books)
    hub = forwarder(sqlite_database, central, clock, lambda: elapsed[0])
    for _ in range(5):
        hub.round()
        elapsed[0] += 5_000
    assert (central.high, central.raw, central.refusals) == (8, [5], 120)
    elapsed[0] += REFUSED_AGAIN_MS
    hub.round()
    assert central.refusals == 240


class Deadly(Fragile):
    """A central server that dies of every frame."""

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        self.deaths += 1
        raise CentralAway("no answer", was_sent=True)


def test_a_frame_that_kills_the_central_server_keeps_the_tills_waiting_for_three_rounds_and_no_longer(
    sqlite_database: Database, books: AHubsBooks, clock: Clock
) -> None:
    with sqlite_database.write() as tx:
        RawFrames(ExceptionService(clock), clock).keep(tx, WHO, b"a frame", "it fails")
    central = Deadly(books, deadly_seq=0)
    rounds = Rounds("up", forwarder(sqlite_database, central, clock, lambda: 0).round, jitter=lambda most: 0)
    for _ in range(6):
        rounds.turn()
    assert (central.high, central.deaths) == (8, 3)


def test_a_hub_whose_clock_was_years_ahead_for_once_greets_every_minute_all_the_same(
    sqlite_database: Database, books: AHubsBooks, clock: Clock
) -> None:
    elapsed, central = [0], Fragile(books, deadly_seq=0)
    hub = forwarder(sqlite_database, central, clock, lambda: elapsed[0])
    clock.advance(_TEN_YEARS_MS)
    hub.round()
    clock.advance(-_TEN_YEARS_MS)
    assert central.hellos == 1
    elapsed[0] += HELLO_EVERY_MS
    hub.round()
    assert central.hellos == 2


class Busy(Fragile):
    """A central server behind HTTP whose database is busy for the first few batches."""

    def __init__(self, books: AHubsBooks, for_batches: int) -> None:
        super().__init__(books, deadly_seq=0)
        self._for_batches = for_batches
        self.batches: list[bytes] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/sync/challenge":
                said: msgspec.Struct = Challenge(nonce="n", expires_ms=2**60)
            case "/sync/hub/token":
                said = Token(token="t", expires_ms=2**60)
            case "/sync/hub/hello":
                said = self.hello(wire.unpack(request.content, HubHello))
            case "/sync/hub/push":
                self.batches.append(request.content)
                if len(self.batches) <= self._for_batches:
                    return httpx.Response(DatabaseBusy.status, headers=DatabaseBusy.headers)
                said = self.push("", wire.unpack(request.content, Push))
            case path:
                self.raw.append(0)
                raise AssertionError(f"the hub asks for {path}")
        return httpx.Response(200, content=wire.pack(said))


def test_a_busy_central_server_gets_the_same_batch_again_later_and_not_cut_up(
    sqlite_database: Database, books: AHubsBooks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy(books, for_batches=5)
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(busy.answer)))
    central = Central("http://central", "hub", lambda message: message)
    hub = Forwarder(sqlite_database, central, central, "hub", clock, lambda: 0, lambda: True)
    rounds = Rounds("up", hub.round, jitter=lambda most: 0)
    for _ in range(6):
        rounds.turn()
    assert [wire.unpack(one, Push).first_seq for one in busy.batches] == [1] * 6
    assert len(set(busy.batches)) == 1
    assert (busy.high, busy.raw) == (8, [])
