"""Several real tills, bad lines, a server killed at random, poison in the journals: all there once, to the cent."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from sqlalchemy import func, select

from shared_models.sale import SalePosted
from sync_server.catalogue.service import ProductFields
from sync_server.ingest.tables import ingest_pos, ingest_queue, quarantine
from sync_server.reports.takings import GROUPS, takings
from sync_server.sales.service import SaleFilter
from sync_server.sales.tables import sale
from sync_server.stock.tables import stock_level, stock_move
from tests.flows.chaos_proxy import CUT_ANSWER, DOUBLE, LOSE_ANSWER, LOSE_REQUEST, PASS, ChaosProxy
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.own_postgresql import uri_of
from tests.pos_client.store.made_up_shop import a_sale, shift_opened

TILLS = ("03-1", "03-2", "03-3")
ROUNDS = 6
FATES = (PASS, LOSE_ANSWER, DOUBLE, LOSE_REQUEST, CUT_ANSWER)
DELIVERED = 60
POISON = (
    ("loyalty.earned", 9, b'{"points":3}'),
    ("sale.posted", 1, b'{"at_ms":1,"tz_min":0,"fact":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    ("sale.posted", 7, b" " * (2 << 20)),
)


class Counter(NamedTuple):
    """A till, and the line that it has to the server."""

    till: RealTill
    line: ChaosProxy


class Fire:
    """What befalls a shop, drawn from one seed."""

    def __init__(self, shop: ServedShop, folder: Path, seed: int, stack: ExitStack) -> None:
        self.shop = shop
        self.chance = random.Random(seed)
        self.sold: list[SalePosted] = []
        self.counters = [self._counter(folder / till_id, till_id, stack) for till_id in TILLS]

    def round(self, number: int) -> None:
        for counter in self.counters:
            counter.line.plan.extend(self.chance.choices(FATES, k=4))
            self._sell(counter.till)
        self._deliver(number)
        if number % 2:
            self._kill_the_server()
        else:
            self._poison(self.chance.choice(self.counters), *POISON[number // 2 % len(POISON)])

    def _counter(self, folder: Path, till_id: str, stack: ExitStack) -> Counter:
        line = ChaosProxy(self.shop.address)
        stack.callback(line.stop)
        till = RealTill(folder, line.url, till_id)
        stack.callback(till.close)
        till.enrol(self.shop.code(till_id))
        till.books.post(msgspec.structs.replace(shift_opened(till_id), till_id=till_id))
        till.start()
        return Counter(till, line)

    def _sell(self, till: RealTill) -> None:
        for _ in range(self.chance.randrange(2, 6)):
            lines = self.chance.randrange(1, 4)
            sold = a_sale(till.till_id, lines, sale_id=f"{len(self.sold):032x}", till_id=till.till_id)
            till.books.post_sale(sold, open_drawer=False)
            self.sold.append(sold)
        assert till.worker is not None
        till.worker.wake()

    def _deliver(self, number: int) -> None:
        """A file of new products, while the tills pull."""
        with self.shop.db.write() as tx:
            for at in range(DELIVERED):
                fields = ProductFields(sku=f"{number}-{at}", name=f"Delivered {number}.{at}")
                self.shop.services.catalogue.create(tx, fields)

    def _kill_the_server(self) -> None:
        Event().wait(self.chance.random() / 5)
        self.shop.kill()
        for counter in self.counters:
            self._sell(counter.till)
        self.shop.start()

    def _poison(self, counter: Counter, kind: str, schema: int, body: bytes) -> None:
        """The till's program ends, finds what an unlucky update left, and starts again."""
        assert counter.till.worker is not None
        assert counter.till.worker.stop()
        counter.till.record_bytes(kind, schema, body)
        counter.till.start()
        self._sell(counter.till)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServedShop]:
    url = ""
    if request.param == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("create database under_fire template template_shop")
        url = uri_of(uri, "under_fire")
    shop = ServedShop(tmp_path / "server", url, TILLS)
    shop.start()
    yield shop
    shop.close()


@pytest.mark.slow
@pytest.mark.expects_log
def test_after_the_fire_every_figure_is_there_once(shop: ServedShop, tmp_path: Path) -> None:
    with ExitStack() as stack:
        fire = Fire(shop, tmp_path, 8, stack)
        for number in range(1, ROUNDS + 1):
            fire.round(number)
        for counter in fire.counters:
            counter.line.plan.clear()
            counter.till.worker.refresh() if counter.till.worker is not None else None
        for counter in fire.counters:
            counter.till.wait_until_all_is_sent()
        wait_until_booked(shop)
        entries = [entry for counter in fire.counters for entry in counter.till.journal()]
        stored, journal = sorted(shop.stored()), sorted((entry.event_id, entry.body) for entry in entries)
        assert [one for one in journal if one not in stored] == [], "lost"
        assert [one for one in stored if one not in journal] == [], "altered"
        assert len(stored) == len(journal), "doubled"
        assert_figures_agree(shop, fire.sold)
        assert_every_till_has_the_catalogue(shop, fire.counters)


def assert_figures_agree(shop: ServedShop, sold: list[SalePosted]) -> None:
    total = sum(one.total_minor for one in sold)
    pieces = sum(line.quantity_milli for one in sold for line in one.lines)
    with shop.db.read() as tx:
        open_cases = select(func.count()).where(quarantine.c.resolved_at_ms.is_(None))
        assert tx.scalar(open_cases) == ROUNDS // 2
        assert tx.scalar(select(func.count()).where(~ingest_pos.c.chain_ok)) == 0
        assert sorted(tx.scalars(select(sale.c.sale_id))) == sorted(one.sale_id for one in sold)
        assert tx.scalar(select(func.sum(stock_move.c.quantity_milli))) == -pieces
        assert tx.scalar(select(func.sum(stock_level.c.on_hand_milli))) == -pieces
        for by in GROUPS:
            rows = takings(tx, SaleFilter(), by).rows
            assert sum(row.gross_minor for row in rows) == total, by
        by_till = {row.key: row.gross_minor for row in takings(tx, SaleFilter(), "till").rows}
    assert by_till == {
        till_id: sum(one.total_minor for one in sold if one.till_id == till_id) for till_id in TILLS
    }


def assert_every_till_has_the_catalogue(shop: ServedShop, counters: list[Counter]) -> None:
    with shop.db.read() as tx:
        heads = {head.stream: head for head in shop.services.feed.positions(tx, "03")}
    for till, _ in counters:
        till.wait(lambda till=till: {p.stream: p for p in till.catalogue.positions()} == heads)  # type: ignore[misc]


def wait_until_booked(shop: ServedShop) -> None:
    end, pause = time.monotonic() + 30, Event()
    while True:
        with shop.db.read() as tx:
            queued = tx.scalar(select(func.count()).select_from(ingest_queue))
            # A till that met a dead server every time may have sent a good entry raw; the server takes it in by itself.
            raw = tx.scalar(select(func.count()).where(ingest_pos.c.ingest_id.is_(None)))
            if not queued and not raw:
                return
        assert time.monotonic() < end, "something still waits to be booked"
        pause.wait(0.1)
