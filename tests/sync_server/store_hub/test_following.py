"""How a hub follows the feed of a central server that was set back, or that has forgotten what lies before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from shared_models.catalogue import Category
from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.reference import FeedPage, FeedPosition, streams_of
from shared_models.sync_api import HashesReply, HashesRequest, Poke, Push, PushReply, SnapshotManifest
from sync_server.database import Database
from sync_server.feed.compaction import KEPT_WHOLE_MS, TOMBSTONES_KEPT_MS, Compaction
from sync_server.feed.pokes import PokeBoard
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import MAX_PAGE, FeedService
from sync_server.feed.snapshots import Snapshots
from sync_server.feed.tables import change_feed
from sync_server.store_hub import feed_copy
from sync_server.store_hub.feed_copy import CopiedFeed, CopiedSnapshots
from sync_server.store_hub.follower import Follower
from tests.empty_shop import empty_shop
from tests.sync_server.conftest import Clock

STORE = "03"


class CentralHistory:
    """A central server's database and what is served of it; another one of the same epoch is a backup put back."""

    def __init__(self, folder: Path, clock: Clock, names: Sequence[str] = ()) -> None:
        folder.mkdir()
        self.db = empty_shop(folder / "central.db")
        self.feed = FeedService()
        self.snapshots = Snapshots(self.db, self.feed, folder / "snapshots", 10, clock)
        self._publisher = FeedPublisher(clock, lambda: "epoch-1", lambda streams: None)
        self._publisher.join(self.db)
        for name in names:
            self.publish(Category("c1", name))

    def publish(self, *categories: Category) -> None:
        with self.db.write() as tx:
            for one in categories:
                self._publisher.publish(tx, "catalogue", one)

    def heads(self) -> dict[str, FeedPosition]:
        with self.db.read() as tx:
            return {at.stream: at for at in self.feed.positions(tx, STORE)}


class Line:
    """Leads to whichever history is the central server's now."""

    def __init__(self, central: CentralHistory) -> None:
        self.central = central
        self.catalogues_fetched = 0
        self.before_page: Callable[[int], None] = lambda after: None

    def page(self, stream: str, epoch: str, after: int, limit: int = MAX_PAGE) -> FeedPage:
        self.before_page(after)
        with self.central.db.read() as tx:
            return self.central.feed.page(tx, stream, epoch, after, limit)

    def manifest(self, store_id: str) -> SnapshotManifest:
        self.catalogues_fetched += 1
        return self.central.snapshots.manifest(store_id)

    def blob(self, sha256: str, to: Path) -> None:
        shutil.copyfile(self.central.snapshots.blob(sha256), to)

    def poke(self, have: Sequence[FeedPosition]) -> Poke:
        return Poke(streams=())

    def hello(self, said: HubHello) -> HubHelloReply:
        raise AssertionError("the forwarder asks for this")

    def push(self, device_id: str, push: Push) -> PushReply:
        raise AssertionError("the forwarder asks for this")

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        raise AssertionError("the forwarder asks for this")

    def hashes(self, device_id: str, asked: HashesRequest) -> HashesReply:
        raise AssertionError("the forwarder asks for this")

    def close(self) -> None:
        pass


class Board(PokeBoard):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[frozenset[str]] = []

    def tell(self, streams: frozenset[str]) -> None:
        self.told.append(streams)
        super().tell(streams)


class FollowingHub:
    def __init__(self, db: Database, central: CentralHistory, clock: Clock, folder: Path) -> None:
        self.db = db
        self.line = Line(central)
        self.board = Board()
        snapshots = CopiedSnapshots(db, CopiedFeed(), folder, clock)
        self._follower = Follower(db, self.line, snapshots, STORE, self.board, clock, lambda: 0, lambda: True)
        self._follower.round()
        self._follower.round()  # a hub's second round fetches a newer catalogue file for its tills
        self.line.catalogues_fetched = 0
        self.board.told.clear()

    def round(self) -> None:
        self._follower.round()

    def heads(self) -> dict[str, FeedPosition]:
        with self.db.read() as tx:
            return feed_copy.positions(tx, streams_of(STORE))

    def versions_on_offer(self) -> list[int]:
        with self.db.read() as tx:
            return list(tx.scalars(select(change_feed.c.ver).order_by(change_feed.c.ver)))


MakeCentral = Callable[..., CentralHistory]
MakeHub = Callable[[CentralHistory], FollowingHub]


@pytest.fixture
def central_with(tmp_path: Path, clock: Clock) -> Iterator[MakeCentral]:
    made: list[CentralHistory] = []

    def make(*names: str) -> CentralHistory:
        made.append(CentralHistory(tmp_path / f"central-{len(made)}", clock, names))
        return made[-1]

    yield make
    for one in made:
        one.db.close()


@pytest.fixture
def hub_of(sqlite_database: Database, clock: Clock, tmp_path: Path) -> MakeHub:
    return lambda central: FollowingHub(sqlite_database, central, clock, tmp_path / "snapshots")


def many(name: str) -> list[Category]:
    """More than one page holds."""
    return [Category(f"c{number}", name) for number in range(MAX_PAGE + 100)]


def test_a_shop_has_the_newest_prices_after_its_central_server_was_set_back_unsaid_and_grew_past_the_hub(
    central_with: MakeCentral, hub_of: MakeHub
) -> None:
    hub = hub_of(central_with("tea 2.00", "tea 2.50"))
    hub.line.central = central_with("tea 2.00", "tea 3.00", "tea 3.50")
    hub.round()
    assert hub.heads() == hub.line.central.heads()
    assert hub.versions_on_offer() == [], "no till goes on from a price that never was"
    assert frozenset(streams_of(STORE)) in hub.board.told


def test_a_central_server_that_is_set_back_between_two_pages_is_noticed_too(
    central_with: MakeCentral, hub_of: MakeHub
) -> None:
    hub = hub_of(central_with("tea 2.00"))
    hub.line.central.publish(*many("of before"))
    restored = central_with("tea 2.00")
    restored.publish(*many("of now"))

    def set_back(after: int) -> None:
        if after == 1 + MAX_PAGE:
            hub.line.central = restored

    hub.line.before_page = set_back
    hub.round()
    assert hub.heads() == restored.heads()
    assert hub.versions_on_offer() == []


def test_a_hub_that_is_only_behind_goes_on_from_where_it_was(
    central_with: MakeCentral, hub_of: MakeHub
) -> None:
    hub = hub_of(central_with("tea 2.00"))
    for price in ("tea 2.50", "tea 3.00"):
        hub.line.central.publish(Category("c1", price))
        hub.round()
    assert hub.heads() == hub.line.central.heads()
    assert hub.line.catalogues_fetched == 0
    assert hub.versions_on_offer() == [2, 3]
    assert hub.board.told == [frozenset({"catalogue"})] * 2


def test_a_hub_that_was_off_for_so_long_that_nothing_proves_its_copy_takes_the_catalogue_whole(
    central_with: MakeCentral, hub_of: MakeHub, clock: Clock
) -> None:
    hub = hub_of(central_with("tea 2.00"))
    central = hub.line.central
    central.publish(Category("c1", "tea 2.50"))
    central.publish(Category("c1", "tea 3.00"))
    clock.advance(KEPT_WHOLE_MS)
    Compaction(central.db, clock).run(lambda: True)
    hub.round()
    assert hub.heads() == central.heads()
    assert hub.line.catalogues_fetched == 1
    assert hub.versions_on_offer() == []


def test_the_first_change_after_a_quiet_season_reaches_the_shop(
    central_with: MakeCentral, hub_of: MakeHub, clock: Clock
) -> None:
    hub = hub_of(central_with("tea 2.00", "tea 2.50"))
    central = hub.line.central
    clock.advance(TOMBSTONES_KEPT_MS)
    Compaction(central.db, clock).run(lambda: True)
    central.publish(Category("c1", "tea 3.00"))
    hub.round()
    assert hub.heads() == central.heads()
