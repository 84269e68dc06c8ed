"""What a till gets of the feed over HTTP: pages, a whole file in parts, and a hint when there is news."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2
import zstandard
from litestar import Litestar

from shared_models import catalogue_file, reference, wire
from shared_models.catalogue import Category, Product
from shared_models.reference import FeedPage
from shared_models.store_config import StoreConfig
from shared_models.sync_api import Poke, SnapshotManifest
from sync_server.database import Database
from sync_server.feed.pokes import PokeBoard, TooManyWaiting
from sync_server.feed.publisher import FeedPublisher
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    return enrolled_till(app, database, client)


@pytest.fixture
def publish(app: Litestar, database: Database, clock: Any) -> Callable[..., None]:
    publisher = FeedPublisher(clock, lambda: "an epoch", app.state.services.board.tell)
    publisher.join(database)

    def publish(*things: Any) -> None:
        with database.write() as tx:
            for thing in things:
                publisher.publish(tx, "catalogue", thing)

    return publish


def get(till: ATill, path: str, **params: Any) -> Any:
    return till.client.get(path, params=params, headers=till.headers)


def manifest_of(till: ATill) -> SnapshotManifest:
    answer = get(till, "/sync/snapshot/03")
    assert answer.status_code == 200, answer.text
    return wire.unpack(answer.content, SnapshotManifest)


def some_products(count: int) -> list[Product]:
    return [
        Product(f"p{n}", n, f"SKU{n}", f"Tea {n}", "standard", barcodes=(f"{n:013d}",))
        for n in range(1, count + 1)
    ]


def test_a_page_comes_as_a_message(till: ATill, publish: Callable[..., None]) -> None:
    publish(*some_products(3))
    answer = get(till, "/sync/feed", stream="catalogue", limit=2)
    page = wire.unpack(answer.content, FeedPage)
    assert ([change.id for change in page.changes], page.more) == (["p1", "p2"], True)


def test_another_stores_streams_and_snapshots_are_closed(till: ATill) -> None:
    assert get(till, "/sync/feed", stream="staff/04").status_code == 403
    assert get(till, "/sync/snapshot/04").status_code == 403


def test_a_snapshot_holds_what_is_alive_and_proves_it(
    till: ATill, publish: Callable[..., None], tmp_path: Path
) -> None:
    publish(Category("c1", "Drinks"), *some_products(40))
    manifest = manifest_of(till)
    packed = get(till, f"/sync/blob/{manifest.sha256}").content
    assert (len(packed), sha256(packed).hexdigest()) == (manifest.size, manifest.sha256)
    path = tmp_path / "catalogue.db"
    path.write_bytes(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    assert path.stat().st_size == manifest.unpacked_size
    file = sqlcipher3.dbapi2.connect(str(path))
    assert file.execute("pragma quick_check").fetchone() == ("ok",)
    assert file.execute("select number from barcode where code = ?", (f"{7:013d}",)).fetchone() == (7,)
    found = file.execute("select rowid from product_words where product_words match 'tea'").fetchall()
    assert len(found) == 40
    hashes = [
        row[0]
        for table in ("product", "price", "reference")
        for row in file.execute(f"select row_hash from {table}")
    ]
    total = sum(map(catalogue_file.unsigned, hashes)) % reference.CHECKSUM_MODULUS
    claimed = sum(int(row[0]) for row in file.execute("select checksum from feed_state"))
    assert total == claimed % reference.CHECKSUM_MODULUS
    file.close()


def test_a_cut_download_goes_on_where_it_stopped(till: ATill, publish: Callable[..., None]) -> None:
    publish(*some_products(40))
    path = f"/sync/blob/{manifest_of(till).sha256}"
    whole = get(till, path).content
    parts = []
    for asked in ("bytes=0-99", "bytes=100-"):
        answer = till.client.get(path, headers=till.headers | {"Range": asked})
        assert answer.status_code == 206
        parts.append(answer.content)
    assert b"".join(parts) == whole
    assert answer.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    past = till.client.get(path, headers=till.headers | {"Range": f"bytes={len(whole)}-"})
    assert past.status_code == 416
    odd = till.client.get(path, headers=till.headers | {"Range": "lines=1-2"})
    assert (odd.status_code, odd.content) == (200, whole)


@pytest.mark.parametrize("name", ["0" * 64, "token.secret", "..%2Ftoken.secret"])
def test_nothing_but_a_snapshot_can_be_downloaded(till: ATill, name: str) -> None:
    assert get(till, f"/sync/blob/{name}").status_code == 404


def test_a_fresh_snapshot_is_used_again_and_a_stale_one_replaced(
    till: ATill, publish: Callable[..., None], clock: Any, settings: Any
) -> None:
    publish(*some_products(3))
    first = manifest_of(till)
    publish(Category("c1", "Drinks"))
    assert manifest_of(till) == first, "one version behind is caught up by a page"
    for round_ in range(4):
        clock.advance(1000)
        publish(*[Category(f"c{n}", f"Drinks {round_}") for n in range(6)])
        newest = manifest_of(till)
        assert newest != first
    assert get(till, f"/sync/blob/{first.sha256}").status_code == 404, "only the last few are kept"
    folder = settings.data_dir / "snapshots"
    assert len(list(folder.iterdir())) == 3
    (folder / newest.sha256).unlink()
    assert get(till, f"/sync/blob/{manifest_of(till).sha256}").status_code == 200


def test_a_stream_opened_after_the_snapshot_makes_it_stale(till: ATill, publish: Callable[..., None]) -> None:
    first = manifest_of(till)
    publish(Category("c1", "Drinks"))
    assert manifest_of(till) != first


def test_a_snapshot_from_which_only_a_leap_goes_on_is_not_given_out(
    till: ATill, publish: Callable[..., None], app: Litestar, clock: Any
) -> None:
    publish(Category("c1", "Drinks"))
    first = manifest_of(till)
    publish(Category("c1", "Beverages"))
    clock.advance(31 * 86_400_000)
    app.state.services.compaction.run(lambda: True)
    till.log_in()
    assert {at.stream: at.ver for at in manifest_of(till).positions}["catalogue"] == 2
    assert manifest_of(till) != first


def test_news_that_is_there_already_is_told_at_once(till: ATill, publish: Callable[..., None]) -> None:
    publish(Category("c1", "Drinks"))
    answer = get(till, "/sync/poke", have="catalogue:0,config/03:1")
    assert wire.unpack(answer.content, Poke).streams == ("catalogue",)


@pytest.mark.parametrize("have", ["catalogue", "catalogue:x", ":3"])
def test_versions_that_make_no_sense_are_refused(till: ATill, have: str) -> None:
    assert get(till, "/sync/poke", have=have).status_code == 400


def test_a_price_change_reaches_a_waiting_till_at_once(
    till: ATill, app: Litestar, database: Database
) -> None:
    services = app.state.services
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(get(till, "/sync/poke", have="config/03:1")))
    started = time.monotonic()
    waiting.start()
    while not services.board.waiting() and time.monotonic() < started + 20:
        threading.Event().wait(0.01)
    with database.write() as tx:
        services.stores.change(tx, StoreConfig(store_id="03", name="Corner shop", currency="EUR"))
    waiting.join(20)
    assert wire.unpack(answers[0].content, Poke).streams == ("config/03",)
    assert services.board.waiting() == 0


def test_a_board_tells_only_those_who_wait_for_the_stream() -> None:
    async def story() -> list[frozenset[str]]:
        board = PokeBoard()
        waiters = [
            asyncio.create_task(board.wait(frozenset({name}), seconds))
            for name, seconds in (("a", 20), ("b", 0.05))
        ]
        await asyncio.sleep(0)
        board.tell(frozenset({"a", "c"}))
        board.tell(frozenset({"a"}))
        return list(await asyncio.gather(*waiters))

    assert asyncio.run(story()) == [frozenset({"a"}), frozenset()]


def test_a_server_that_stops_keeps_nobody_waiting() -> None:
    async def story() -> list[frozenset[str]]:
        board = PokeBoard()
        waiter = asyncio.create_task(board.wait(frozenset({"a"}), 60))
        await asyncio.sleep(0)
        board.close()
        return [await waiter, await board.wait(frozenset({"a"}), 60)]

    assert asyncio.run(story()) == [frozenset(), frozenset()]


def test_a_board_has_an_end() -> None:
    async def story() -> None:
        board = PokeBoard(most_waiting=1)
        first = asyncio.create_task(board.wait(frozenset({"a"}), 60))
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaiting):
            await board.wait(frozenset({"a"}), 60)
        board.close()
        await first

    asyncio.run(story())
