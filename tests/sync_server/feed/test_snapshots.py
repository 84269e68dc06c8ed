"""The prebuilt catalogue file is there when its manifest was given, whatever the server's clock once said."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared_models.catalogue import Category
from sync_server.database import Database
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService
from sync_server.feed.snapshots import Snapshots
from tests.sync_server.conftest import Clock

TEN_YEARS_MS = 10 * 365 * 86_400_000


@pytest.fixture
def snapshots(database: Database, clock: Clock, tmp_path: Path) -> Snapshots:
    return a_new_process(database, clock, tmp_path)


def a_new_process(database: Database, clock: Clock, tmp_path: Path) -> Snapshots:
    return Snapshots(database, FeedService(), tmp_path / "snapshots", 0, clock)


def test_files_made_while_the_clock_was_years_ahead_take_no_new_one_s_place(
    database: Database, clock: Clock, snapshots: Snapshots
) -> None:
    publisher = FeedPublisher(clock, lambda: "epoch-1", lambda streams: None)
    publisher.join(database)

    def manifest_after(name: str) -> str:
        with database.write() as tx:
            publisher.publish(tx, "catalogue", Category("c1", name))
        return snapshots.manifest("03").sha256

    clock.advance(TEN_YEARS_MS)
    for name in ("Tea", "Coffee", "Cocoa", "Milk"):
        manifest_after(name)
    clock.advance(-TEN_YEARS_MS)
    newest = manifest_after("Water")
    assert snapshots.blob(newest).is_file()
    assert snapshots.manifest("03").sha256 == newest, "it is built once, and not for each till that asks"


def test_what_a_killed_server_left_half_built_does_not_fill_the_disk(
    database: Database, clock: Clock, snapshots: Snapshots, tmp_path: Path
) -> None:
    given = snapshots.manifest("03").sha256
    folder = tmp_path / "snapshots"
    (folder / "building-killed").mkdir()
    (folder / "building-killed" / "catalogue.db").write_bytes(b"half a catalogue")
    (folder / ("0" * 64)).write_bytes(b"whole, but killed before a row named it")
    assert a_new_process(database, clock, tmp_path).manifest("03").sha256 == given
    assert [path.name for path in folder.iterdir()] == [given]
