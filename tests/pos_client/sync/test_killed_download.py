"""A till that is killed again and again while it fetches its catalogue ends up with the whole of it."""

from __future__ import annotations

import multiprocessing
import random
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest
import zstandard

from pos_client.store.catalogue import CatalogueFile
from shared_models import reference
from shared_models.moment import Moment
from shared_models.sync_api import SnapshotManifest
from shared_models.wire import pack
from tests.pos_client.store.made_up_catalogue import EPOCH, STORE, build_file, page, price, product
from tests.pos_client.sync.fetching_child import fetch
from tests.pos_client.sync.scripted_http import Asked, ScriptedHttp

CHUNK = 64 << 10
AT_MOST_IN_MEMORY = 16 << 10
"""What the till's file buffer may hold when it is killed."""
PRODUCTS = 1500


class Download:
    """Serves a catalogue file; with `stops` it sends one chunk more than the till has, and then nothing."""

    def __init__(
        self, http: ScriptedHttp, content: bytes, unpacked_size: int, things: list[reference.Any]
    ) -> None:
        self._http = http
        self.content = content
        self.starts: list[int] = []
        self.stops = True
        name = sha256(content).hexdigest()
        whole = page(things)
        position = reference.FeedPosition("catalogue", EPOCH, whole.to, whole.checksum_after)
        manifest = SnapshotManifest(
            store_id="s",
            feed_schema=reference.FEED_SCHEMA,
            sha256=name,
            size=len(content),
            unpacked_size=unpacked_size,
            positions=(position,),
        )
        http.routes["/sync/snapshot/s"] = lambda asked: asked.say(200, pack(manifest))
        http.routes[f"/sync/blob/{name}"] = self._send

    def _send(self, asked: Asked) -> None:
        first = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.starts.append(first)
        asked.send_response(206 if first else 200)
        asked.send_header("Content-Length", str(len(self.content) - first))
        if first:
            asked.send_header("Content-Range", f"bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        asked.end_headers()
        if not self.stops:
            asked.wfile.write(self.content[first:])
            return
        asked.wfile.write(self.content[first : first + CHUNK])
        asked.wfile.flush()
        asked.hang()


@pytest.fixture
def download(http: ScriptedHttp, tmp_path: Path) -> Download:
    dice = random.Random(3)
    shelf = [product(number, dice.randbytes(40).hex()) for number in range(1, PRODUCTS + 1)]
    things = [STORE, *shelf, *(price(one, 100 + one.number) for one in shelf)]
    plain = build_file(tmp_path / "made.db", things).read_bytes()
    return Download(http, zstandard.compress(plain), len(plain), things)


def kill_a_till_that_has(folder: Path, url: str, size: int) -> None:
    """As a power switch does it, as soon as so much of the file is on the disk."""
    till = multiprocessing.get_context("spawn").Process(target=fetch, args=(folder, url))
    till.start()
    end, pause = time.monotonic() + 60, Event()
    while sum(part.stat().st_size for part in (folder / "downloads").glob("*.part")) < size:
        assert till.is_alive(), "it gave up"
        assert time.monotonic() < end, "nothing comes"
        pause.wait(0.005)
    till.kill()
    till.join()


@pytest.mark.slow
def test_a_till_killed_at_every_chunk_of_the_download_goes_on_where_it_was(
    http: ScriptedHttp, download: Download, tmp_path: Path
) -> None:
    folder, size, kills = tmp_path / "till", len(download.content), 0
    folder.mkdir()
    kept = 0
    while kept + CHUNK < size:
        kept += CHUNK - AT_MOST_IN_MEMORY
        kill_a_till_that_has(folder, http.url, kept)
        kills += 1
        with closing(CatalogueFile(folder / "catalogue.db", lambda: 1)) as catalogue:
            assert catalogue.positions() == (), "half a catalogue is none"
    assert kills >= 5
    download.stops = False
    fetch(folder, http.url)
    assert_all_is_there(folder)
    assert download.starts == sorted(set(download.starts)), "every start is further on"
    again = sum(
        max(0, one + CHUNK - other) for one, other in zip(download.starts, download.starts[1:], strict=False)
    )
    assert again <= kills * AT_MOST_IN_MEMORY, "next to nothing is fetched twice"


def assert_all_is_there(folder: Path) -> None:
    with closing(CatalogueFile(folder / "catalogue.db", lambda: 1)) as catalogue:
        for number in range(1, PRODUCTS + 1):
            offer = catalogue.by_code(f"SKU-{number}", Moment(1_000_000))
            assert offer is not None
            assert offer.price is not None
            assert offer.price.unit_price_minor == 100 + number
    assert list((folder / "downloads").iterdir()) == []
