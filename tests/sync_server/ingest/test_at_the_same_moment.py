"""The same entries pushed by several threads of the server at once are stored once, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar import Litestar
from sqlalchemy import func, select

from shared_models import wire
from shared_models.sync_api import Push, PushReply
from sync_server.database import Database, DatabaseBusy
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine
from sync_server.sales.tables import sale
from sync_server.services import Services
from sync_server.sync_messages import TillIdentity
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.made_up_days import a_line, a_sale

ROUNDS = 8
THREADS = 4
SALES = 10
WHO = TillIdentity("device-0001", "03-1", "03")


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database, tills=1)
    return enrolled_till(app, database, client)


def all_at_once(services: Services, pushes: list[Push]) -> list[PushReply]:
    ready, replies, busy = threading.Barrier(len(pushes)), [], []

    def send(push: Push) -> None:
        ready.wait(10)
        try:
            replies.append(services.ingest.push(WHO, push))
        except DatabaseBusy as reason:  # told to come again, and nothing is stored twice
            busy.append(reason)

    threads = [threading.Thread(target=send, args=(push,)) for push in pushes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(replies) + len(busy) == len(pushes)
    assert replies
    return replies


def counts(database: Database) -> tuple[int, int, int]:
    with database.read() as tx:
        stored, places, cases = (
            tx.scalar(select(func.count()).select_from(table))
            for table in (ingest_log, ingest_pos, exception_case)
        )
        return stored or 0, places or 0, cases or 0


def test_one_batch_sent_by_four_at_once_is_stored_once(
    till: ATill, app: Litestar, database: Database
) -> None:
    services = app.state.services
    for round in range(ROUNDS):
        for number in range(1, SALES + 1):
            nth = round * SALES + number
            till.record(a_sale(nth, a_line(1, "p1", nth, 99), till="03-1"))
        batch = till.batch(round * SALES + 1)
        replies = all_at_once(services, [batch] * THREADS)
        assert {reply.high for reply in replies} == {(round + 1) * SALES}
        assert {reply.hash for reply in replies} == {till.entries[-1].hash}
    assert counts(database) == (ROUNDS * SALES, ROUNDS * SALES, 0)
    services.applier.drain()
    with database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(sale)) == ROUNDS * SALES


def test_batches_that_overlap_leave_each_entry_once_and_accuse_nobody(
    till: ATill, app: Litestar, database: Database
) -> None:
    for number in range(1, 31):
        till.record(a_sale(number, a_line(1, "p1", number, 99), till="03-1"))
    cuts = [till.batch(1, 10), till.batch(1, 20), till.batch(1, 30), till.batch(1, 15)]
    replies = all_at_once(app.state.services, cuts)
    assert {reply.high for reply in replies} <= {10, 15, 20, 30}
    assert till.push(1, 30).high == 30
    assert counts(database) == (30, 30, 0)


def test_two_appliers_at_once_book_each_sale_once(till: ATill, app: Litestar, database: Database) -> None:
    services = app.state.services
    for number in range(1, 61):
        till.record(a_sale(number, a_line(1, "p1", number, 99), till="03-1"))
    till.push()
    taken: list[int] = []

    def apply() -> None:
        while got := services.applier.apply_some(7):
            taken.append(got)

    threads = [threading.Thread(target=apply) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(taken) == 60
    with database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(sale)) == 60


def test_one_frame_sent_raw_by_four_at_once_is_kept_once_and_all_hear_the_same(
    till: ATill, app: Litestar, database: Database
) -> None:
    for round in range(1, ROUNDS + 1):
        till.record(a_sale(round, a_line(1, "p1", 1, 99), till="03-1"))
        frame, high = wire.pack(till.batch(round, round)), till.entries[-1].seq
        replies = raw_at_once(app.state.services, frame)
        assert [reply and reply.high for reply in replies] == [high] * THREADS
        with database.read() as tx:
            assert tx.scalar(select(func.count()).select_from(quarantine)) == round


def raw_at_once(services: Services, frame: bytes) -> list[PushReply | None]:
    ready = threading.Barrier(THREADS)

    def send(_: int) -> PushReply | None:
        ready.wait(10)
        return services.ingest.push_raw(WHO, frame, "it fails")

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(send, range(THREADS)))
