"""A server that is killed again and again while a till pushes: what was acknowledged is there and gets booked."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from shared_models import wire
from shared_models.sync_api import PushReply
from sync_server.ingest.tables import ingest_queue, quarantine
from sync_server.sales.tables import sale
from tests.flows.served_shop import ServedShop
from tests.sync_server.a_till import ATill
from tests.sync_server.made_up_days import a_line, a_sale

pytestmark = pytest.mark.slow
KILLS = 4
SALES = 1200
BATCH = 25


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ServedShop]:
    shop = ServedShop(tmp_path / "server")
    shop.start()
    yield shop
    shop.close()


class Pushing:
    """A till that pushes on from where the last acknowledgement left it, whatever happens to the server."""

    def __init__(self, till: ATill) -> None:
        self.till = till
        self.acknowledged = 0
        self.moved = threading.Condition()
        self.over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_until(self, acknowledged: int) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.acknowledged >= acknowledged, 30), self.acknowledged

    def end(self) -> None:
        self.over = True
        self._thread.join(10)

    def _run(self) -> None:
        while not self.over and self.acknowledged < len(self.till.entries):
            batch = self.till.batch(self.acknowledged + 1, self.acknowledged + BATCH)
            try:
                answer = self.till.send(batch)
            except httpx.TransportError:
                with self.moved:
                    self.moved.wait(0.05)
                continue
            assert answer.status_code == 200, answer.text
            with self.moved:
                self.acknowledged = wire.unpack(answer.content, PushReply).high
                self.moved.notify_all()


def test_a_server_killed_in_the_middle_of_pushes_loses_nothing_that_it_acknowledged(shop: ServedShop) -> None:
    chance = random.Random(20)
    with httpx.Client(base_url=f"http://127.0.0.1:{shop.port}", timeout=10) as line:
        till = ATill(line, shop.code())  # type: ignore[arg-type]
        assert till.enrol().status_code == 200
        assert till.log_in().status_code == 200
        for number in range(1, SALES + 1):
            till.record(a_sale(number, a_line(1, f"p{number % 7}", number, 99), till="03-2"))
        pushing = Pushing(till)
        for kill in range(1, KILLS + 1):
            pushing.wait_until(kill * SALES // (KILLS + 2) + chance.randrange(BATCH))
            threading.Event().wait(chance.random() / 20)  # somewhere in the middle of a push
            shop.kill()
            assert len(shop.positions()) >= pushing.acknowledged, "an acknowledged sale is gone"
            shop.start()
        pushing.wait_until(SALES)
        pushing.end()
    assert shop.positions() == list(range(1, SALES + 1))
    assert sorted(shop.stored()) == sorted((entry.event_id, entry.body) for entry in till.entries)
    until_booked(shop)
    with shop.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(sale)) == SALES
        assert tx.scalar(select(func.count()).select_from(quarantine)) == 0
        assert tx.exec_driver_sql("pragma integrity_check").scalar() == "ok"


def test_what_waited_to_be_booked_when_the_server_was_killed_is_booked_after_its_start(
    shop: ServedShop,
) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{shop.port}", timeout=10) as line:
        till = ATill(line, shop.code())  # type: ignore[arg-type]
        assert till.enrol().status_code == 200
        assert till.log_in().status_code == 200
        for number in range(1, 201):
            till.record(a_sale(number, a_line(1, "p1", number, 99), till="03-2"))
        assert till.push().high == 200
        shop.kill()
    with shop.db.read() as tx:
        waiting = tx.scalar(select(func.count()).select_from(ingest_queue))
        booked = tx.scalar(select(func.count()).select_from(sale))
    assert (waiting, booked) in ((200, 0), (0, 200)), "a batch is booked as a whole or waits as a whole"
    shop.start()
    until_booked(shop)
    with shop.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(sale)) == 200


def until_booked(shop: ServedShop) -> None:
    end, pause = time.monotonic() + 20, threading.Event()
    while True:
        with shop.db.read() as tx:
            if not tx.scalar(select(func.count()).select_from(ingest_queue)):
                return
        assert time.monotonic() < end, "something still waits to be booked"
        pause.wait(0.1)
