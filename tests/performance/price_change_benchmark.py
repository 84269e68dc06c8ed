"""How long until a price change has reached five hundred tills that wait for news.

Run `python -m tests.performance.price_change_benchmark`; it prints when the slowest till had the new price and whether
the goal is reached. A server in a process of its own, on SQLite or with --postgresql; five hundred connections from
one process, each a till that waits at /sync/poke with its versions, then asks /sync/feed for what changed. The clock
runs from when head office sends the new price over HTTP until a till has decoded the page that holds it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from installers.demo.server_process import free_port
from pos_client.sync.pull import PAGE_LIMIT
from shared_models import wire
from shared_models.catalogue import Price
from shared_models.reference import FeedPage, FeedPosition
from shared_models.signing import new_private_key, public_key_of
from shared_models.store_config import StoreConfig
from shared_models.sync_api import EnrolRequest, Poke
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.migrations import migrate
from sync_server.ports import random_id, system_now_ms
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.sync_messages import TillIdentity
from tests.performance.ingest_benchmark import of_database, postgresql, until_open

GOAL_S = 2.0
PORT = free_port()
PRODUCTS = 200
SETTLE_S = 3.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tills", type=int, default=500)
    parser.add_argument("--stores", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    with shop(asked.postgresql) as (settings, services):
        chain = Chain(services, asked.tills, asked.stores)
        with server(settings):
            rounds = asyncio.run(run(chain, asked.rounds))
    return report(rounds, asked.tills, "PostgreSQL" if asked.postgresql else "SQLite")


def report(rounds: Sequence[Sequence[float]], tills: int, database: str) -> int:
    for number, times in enumerate(rounds, 1):
        ordered = sorted(times)
        print(
            f"round {number}: half of {tills} tills after {ordered[len(ordered) // 2]:.2f} s,"
            f" the slowest after {ordered[-1]:.2f} s"
        )
    slowest = max(max(times) for times in rounds)
    print(f"{database}, slowest of all {slowest:.2f} s, goal {GOAL_S:g} s: {_word(slowest)}")
    return 0 if slowest <= GOAL_S else 1


def _word(slowest: float) -> str:
    return "reached" if slowest <= GOAL_S else "MISSED"


class Chain:
    """Stores with products and enrolled tills, and somebody at head office."""

    def __init__(self, services: Services, tills: int, stores: int) -> None:
        self.tokens: list[tuple[str, str]] = []
        key = public_key_of(new_private_key())
        with services.db.write() as tx:
            for number in range(stores):
                config = StoreConfig(store_id=f"s{number}", name=f"Store {number}", currency="EUR")
                services.stores.create(tx, config)
            self.products = [
                services.catalogue.create(
                    tx, ProductFields(sku=f"P{n}", name=f"Product {n}")
                ).product.product_id
                for n in range(PRODUCTS)
            ]
            for product_id in self.products:
                services.pricing.change_price(tx, product_id, 100, changed_by="benchmark")
            for number in range(tills):
                store_id, device_id = f"s{number % stores}", f"device-{number:05d}"
                till_id = f"{store_id}-{number}"
                services.stores.add_till(tx, till_id, store_id, "")
                code = services.tills.make_code(tx, till_id, "benchmark").code
                services.tills.enrol(
                    tx, EnrolRequest(code=code, device_id=device_id, public_key=key, app="benchmark")
                )
                who = msgspec.structs.asdict(TillIdentity(device_id, till_id, store_id))
                self.tokens.append((store_id, services.till_tokens.issue(who, 60)[0]))
            account = services.accounts.create(tx, "Ada", "correct horse battery", "admin")
            office = {"account_id": account.account_id, "name": "Ada", "role": "admin", "store_id": None}
        self.office_token = services.tokens.issue(office, 60)[0]
        with services.db.read() as tx:
            self.positions = {
                store_id: services.feed.positions(tx, store_id) for store_id in {s for s, _ in self.tokens}
            }


class Line:
    """One kept connection that speaks as much HTTP as is needed."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", PORT)

    async def ask(self, path: str, body: bytes | None = None) -> bytes:
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: shop\r\n"
        head += f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body or b'')}\r\n\r\n"
        self._writer.write(head.encode() + (body or b""))
        status = await self._reader.readline()
        length = 0
        while (line := (await self._reader.readline()).lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        content = await self._reader.readexactly(length)
        assert status.split()[1] in (b"200", b"201"), (status, content)
        return content


class WaitingTill:
    """`heard` has every new price with the moment at which it was here."""

    def __init__(self, token: str, positions: Sequence[FeedPosition]) -> None:
        self._line = Line(token)
        self._at = {position.stream: position for position in positions}
        self.heard: asyncio.Queue[tuple[int, float]] = asyncio.Queue()

    async def follow(self) -> None:
        await self._line.open()
        while True:
            have = ",".join(f"{at.stream}:{at.ver}" for at in self._at.values())
            news = wire.unpack(await self._line.ask(f"/sync/poke?{urlencode({'have': have})}"), Poke)
            for stream in news.streams:
                await self._pull(self._at[stream])

    async def _pull(self, at: FeedPosition) -> None:
        asked = {"stream": at.stream, "epoch": at.epoch, "after": at.ver, "limit": PAGE_LIMIT}
        page = wire.unpack(await self._line.ask(f"/sync/feed?{urlencode(asked)}"), FeedPage)
        assert (page.reset, page.after) == (False, at.ver)
        self._at[at.stream] = FeedPosition(at.stream, page.epoch, page.to, page.checksum_after)
        for change in page.changes:
            if change.entity == "price" and change.body:
                price = msgspec.json.decode(change.body, type=Price)
                self.heard.put_nowait((price.unit_price_minor, time.perf_counter()))


async def run(chain: Chain, rounds: int) -> list[list[float]]:
    """By round, the seconds that each till took."""
    tills = [WaitingTill(token, chain.positions[store_id]) for store_id, token in chain.tokens]
    following = [asyncio.create_task(till.follow()) for till in tills]
    office = Line(chain.office_token)
    await office.open()
    results = []
    for number in range(rounds):
        await asyncio.sleep(SETTLE_S)
        results.append(await _change_price(office, chain.products[number], 200 + number, tills, following))
    for task in following:
        task.cancel()
    return results


async def _change_price(
    office: Line,
    product_id: str,
    amount: int,
    tills: Sequence[WaitingTill],
    following: Sequence[asyncio.Task[None]],
) -> list[float]:
    started = time.perf_counter()
    change = {"product_id": product_id, "unit_price_minor": amount}
    order = asyncio.create_task(office.ask("/api/v1/prices", json.dumps(change).encode()))
    heard = asyncio.gather(*(_until(till, amount) for till in tills))
    await asyncio.wait([heard, *following], return_when=asyncio.FIRST_COMPLETED)
    for task in following:
        if task.done():
            task.result()
    await order
    return [at - started for at in await heard]


async def _until(till: WaitingTill, amount: int) -> float:
    while True:
        said, at = await asyncio.wait_for(till.heard.get(), 60)
        if said == amount:
            return at


@contextmanager
def shop(on_postgresql: bool) -> Iterator[tuple[Settings, Services]]:
    with tempfile.TemporaryDirectory() as folder:
        if on_postgresql:
            with postgresql() as uri, _opened(Path(folder), of_database(uri, "shop")) as opened:
                yield opened
        else:
            with _opened(Path(folder), "") as opened:
                yield opened


@contextmanager
def _opened(folder: Path, url: str) -> Iterator[tuple[Settings, Services]]:
    settings = Settings(data_dir=folder, database_url=url, port=PORT)
    db = Database(settings.url())
    migrate(db)
    services = build_services(settings, db, system_now_ms, random_id, None)
    try:
        yield settings, services
    finally:
        db.close()


@contextmanager
def server(settings: Settings) -> Iterator[None]:
    given = {"DATA_DIR": str(settings.data_dir), "PORT": str(PORT), "DATABASE_URL": settings.database_url}
    environment = os.environ | {f"EVERTILL_SERVER_{name}": value for name, value in given.items() if value}
    command = [sys.executable, "-m", "sync_server.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_open(PORT)
        yield
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
