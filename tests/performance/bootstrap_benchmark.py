"""How long until a new till has a catalogue of a million products, against copying that file with fsync.

Run `python -m tests.performance.bootstrap_benchmark`; it prints both times and their ratio, then the time over a line
of 20 Mbit/s, and whether the goals are reached. A server in a process of its own on SQLite; products and prices are
published as head office's are, with the server's own ids. The till's part is the product's: manifest, download over
HTTP, hash, unpack with fsync, check, swap. Till and copy take turns, both onto the same disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import msgspec

from pos_client.store.catalogue import CatalogueFile
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.outcomes import Reply
from pos_client.sync.server_api import ServerApi, TimeLimits
from shared_models.catalogue import Category, Product
from shared_models.moment import Moment
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import EnrolRequest, SnapshotManifest
from sync_server.ports import OrderedIds, random_id, system_now_ms
from sync_server.services import Services
from tests.performance import lookup_benchmark
from tests.performance.price_change_benchmark import PORT, server, shop

STORE = "03"
DEVICE = "device-00001"
GOAL_RATIO = 3.0
GOAL_SLOW_S = 60.0
SLOW_BITS = 20_000_000
ROUNDS = 5
_A_BATCH = 5000
_PIECE = 16 << 10
_BUFFERED_S = 0.2
"""What a line goes on sending while this process waits for its turn on a busy machine."""
_PATIENT = TimeLimits(silence_s=900, answer_s=900)
"""The file is built on the first asking."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    products = parser.parse_args().products
    with shop(on_postgresql=False) as (settings, services), tempfile.TemporaryDirectory() as folder:
        key = new_private_key()
        started = time.perf_counter()
        open_store(services, public_key_of(key), products)
        print(f"{products:,} products and prices published in {time.perf_counter() - started:.0f} s")
        with server(settings):
            new_till = NewTill(Path(folder), products, key)
            manifest = new_till.first_ask()
            race = [new_till.race() for _ in range(ROUNDS)]
            with throttled(PORT, SLOW_BITS) as port:
                slow = new_till.bootstrap(port)
    return report(manifest, race, slow)


def report(manifest: SnapshotManifest, race: Sequence[tuple[float, float]], slow_s: float) -> int:
    fetched, copied = (median(times) for times in zip(*race, strict=True))
    ratios = sorted(one / other for one, other in race)
    print(f"the file: {manifest.unpacked_size / 1e6:.0f} MB, packed {manifest.size / 1e6:.0f} MB")
    print(f"bootstrap over loopback {fetched:6.2f} s, copy with fsync {copied:.2f} s")
    good = fetched / copied <= GOAL_RATIO
    print(
        f"ratio of the medians    {fetched / copied:6.2f}   (single rounds {ratios[0]:.2f} to {ratios[-1]:.2f},"
        f" goal {GOAL_RATIO:g}: {_word(good)})"
    )
    in_time = slow_s <= GOAL_SLOW_S
    print(
        f"over {SLOW_BITS / 1e6:g} Mbit/s {slow_s:13.1f} s   (goal {GOAL_SLOW_S:g}: {_word(in_time)};"
        f" the line alone {manifest.size * 8 / SLOW_BITS:.1f} s)"
    )
    return 0 if good and in_time else 1


def _word(good: bool) -> str:
    return "reached" if good else "MISSED"


def open_store(services: Services, public_key: bytes, products: int) -> None:
    with services.db.write() as tx:
        services.stores.create(tx, StoreConfig(store_id=STORE, name="Corner shop", currency="EUR"))
        services.stores.add_till(tx, "03-1", STORE, "")
        code = services.tills.make_code(tx, "03-1", "benchmark").code
        request = EnrolRequest(code=code, device_id=DEVICE, public_key=public_key, app="benchmark")
        services.tills.enrol(tx, request)
        for number in range(100):
            services.catalogue.save_category(tx, Category(f"c{number}", f"Category {number}"))
    new_id = OrderedIds(system_now_ms, random_id)
    for first in range(1, products + 1, _A_BATCH):
        numbers = range(first, min(first + _A_BATCH, products + 1))
        some = [made_up(new_id(), number) for number in numbers]
        with services.db.write() as tx:
            services.catalogue.save(tx, some)
            prices = [(one.product_id, 100 + one.number % 900) for one in some]
            services.pricing.set_prices(tx, prices, "benchmark")


def made_up(product_id: str, number: int) -> Product:
    return Product(
        product_id=product_id,
        number=number,
        sku=f"SKU-{number}",
        name=lookup_benchmark.made_up_name(number),
        tax_category_id="standard",
        category_id=f"c{number % 100}",
        barcodes=(lookup_benchmark.made_up_barcode(number),),
        popularity=number * 7919 % 10_000,
    )


class NewTill:
    """Empty each time, in a folder of its own."""

    def __init__(self, folder: Path, products: int, key: object) -> None:
        self._folder = folder
        self._products = products
        self._sign = signer(key)  # type: ignore[arg-type]
        self._numbers = count(1)

    def first_ask(self) -> SnapshotManifest:
        started = time.perf_counter()
        with closing(self._api(PORT)) as api:
            reply = api.snapshot(STORE)
            assert isinstance(reply, Reply), reply
            print(f"the file was built and proved in {time.perf_counter() - started:.0f} s")
            again = api.snapshot(STORE)
        assert again == reply, "built once"
        return msgspec.structs.replace(reply.value)

    def race(self) -> tuple[float, float]:
        """Seconds of (bootstrap, copy of the same file)."""
        fetched = self.bootstrap(PORT, keep=True)
        source, target = self._folder / "last.db", self._folder / "copy.db"
        started = time.perf_counter()
        with source.open("rb") as plain, target.open("wb") as out:
            shutil.copyfileobj(plain, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
        copied = time.perf_counter() - started
        target.unlink()
        return fetched, copied

    def bootstrap(self, port: int, *, keep: bool = False) -> float:
        home = self._folder / f"till-{next(self._numbers)}"
        home.mkdir()
        with closing(CatalogueFile(home / "catalogue.db", system_now_ms)) as catalogue:
            with closing(self._api(port)) as api:
                started = time.perf_counter()
                failure = Bootstrap(api, home / "downloads", catalogue, lambda: False).fetch(STORE)
                taken = time.perf_counter() - started
            assert failure is None, failure
            offer = catalogue.by_code(f"SKU-{self._products}", Moment(system_now_ms()))
            assert offer is not None
            assert offer.price is not None
        if keep:
            (home / "catalogue.db").replace(self._folder / "last.db")
        shutil.rmtree(home)
        return taken

    def _api(self, port: int) -> ServerApi:
        return ServerApi(f"http://127.0.0.1:{port}", DEVICE, self._sign, _PATIENT)


@contextmanager
def throttled(to_port: int, bits_per_s: int) -> Iterator[int]:
    """The port of a line to `to_port` that lets so many bits a second come back, all connections together."""
    line = _Line(to_port, bits_per_s / 8)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=line.serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


class _Line:
    def __init__(self, to_port: int, bytes_per_s: float) -> None:
        self._to_port = to_port
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0
        self._lock = threading.Lock()

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return  # the benchmark is over
            far = socket.create_connection(("127.0.0.1", self._to_port))
            for one, other, slow in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pour, args=(one, other, slow), daemon=True).start()

    def _pour(self, source: socket.socket, target: socket.socket, slow: bool) -> None:
        try:
            while piece := source.recv(_PIECE):
                if slow:
                    self._wait_for_room(len(piece))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()

    def _wait_for_room(self, size: int) -> None:
        with self._lock:
            now = time.monotonic()
            begins = max(now - _BUFFERED_S, self._free_at)
            self._free_at = begins + size / self._bytes_per_s
            until = self._free_at
        time.sleep(max(0.0, until - now))


if __name__ == "__main__":
    sys.exit(main())
