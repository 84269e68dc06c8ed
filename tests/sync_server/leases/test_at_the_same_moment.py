"""Many tills at one moment, in threads and in processes, on both databases: together never more than there is."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

from shared_models.leases import LeaseReply, LeaseRequest
from sync_server.database import Database
from sync_server.leases.corrections import ValueCorrection
from sync_server.sync_messages import TillIdentity
from tests.sync_server.leases.lending_shop import (
    LendingShop,
    a_ticket,
    gift_lease,
    issued,
    parked_lease,
    redeemed,
    refund_lease,
)
from tests.sync_server.made_up_days import a_line, a_sale

THREADS = 6
WHO = (TillIdentity("device-0001", "03-1", "03"), TillIdentity("device-0002", "03-2", "03"))
ROOT = Path(__file__).parents[3]


def all_at_once(works: list[Callable[[], None]]) -> None:
    ready, broken = threading.Barrier(len(works)), []

    def run(work: Callable[[], None]) -> None:
        ready.wait(10)
        try:
            work()
        except Exception as reason:  # noqa: BLE001 - whatever it was, the test must hear of it
            broken.append(reason)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert broken == []


def ask(shop: LendingShop, till: int, wanted: LeaseRequest) -> LeaseReply:
    with shop.database.write() as tx:
        reply: LeaseReply = shop.services.leases.ask(tx, WHO[till - 1], wanted)
    return reply


def test_a_card_asked_for_by_many_at_once_is_never_overdrawn(shop: LendingShop) -> None:
    shop.bring(1, issued(1000))
    granted: list[int] = []

    def till(number: int) -> Callable[[], None]:
        def work() -> None:
            for _ in range(20):
                wanted = gift_lease(7 + number)
                if ask(shop, number % 2 + 1, wanted).state == "granted":
                    granted.append(wanted.amount)

        return work

    all_at_once([till(number) for number in range(THREADS)])
    assert shop.balance() == (1000, sum(granted))
    assert 1000 - 12 < sum(granted) <= 1000


def test_one_request_sent_by_many_at_once_is_granted_once(shop: LendingShop) -> None:
    shop.bring(1, issued(1000))
    for _ in range(5):
        wanted, states = gift_lease(100), []
        all_at_once([lambda w=wanted, s=states: s.append(ask(shop, 1, w).state)] * THREADS)  # type: ignore[misc]
        assert states == ["granted"] * THREADS
    assert shop.balance() == (1000, 500)


def test_a_parked_ticket_wanted_by_many_at_once_goes_to_one(shop: LendingShop) -> None:
    for number in range(6):
        shop.offer(1, a_ticket(f"ticket-{number}"))
        answers: list[LeaseReply] = []

        def claim(till: int, ticket: str = f"ticket-{number}", to: list[LeaseReply] = answers) -> None:
            to.append(ask(shop, till, parked_lease(ticket, 1)))

        all_at_once([lambda till=at % 2 + 1: claim(till) for at in range(THREADS)])  # type: ignore[misc]
        assert sorted(answer.state for answer in answers) == ["denied"] * (THREADS - 1) + ["granted"]


def test_goods_taken_back_by_many_at_once_go_back_once(shop: LendingShop) -> None:
    sale = a_sale(1, a_line(1, "p1", 10), a_line(2, "p2", 10))
    shop.bring(1, sale)
    states: list[str] = []

    def till(number: int) -> Callable[[], None]:
        lines = [(1, 2), (2, 1)] if number % 2 else [(2, 1), (1, 2)]
        return lambda: states.extend(
            ask(shop, number % 2 + 1, refund_lease(sale.sale_id, *lines)).state for _ in range(4)
        )

    all_at_once([till(number) for number in range(THREADS)])
    assert states.count("granted") == 5


def test_asking_closing_and_booking_at_once_never_stand_in_each_others_way(shop: LendingShop) -> None:
    """Routes and two appliers on the same cards: whoever waits, waits in line, and the sums are right."""
    cards = ("card-a", "card-b", "card-c")
    shop.bring(1, *(issued(10_000, card) for card in cards))
    spent = dict.fromkeys(cards, 0)
    for till in (1, 2):
        for number in range(30):
            card, amount = cards[number % 3], 10 + number
            lease_id = ask(shop, till, gift_lease(amount, card)).lease_id
            its = shop.tills[till - 1]
            its.record(redeemed(amount, lease_id, card, its.enrolled.till_id if its.enrolled else ""))
            spent[card] += amount
        shop.tills[till - 1].push(len(shop.tills[till - 1].entries) - 29)

    def apply() -> None:
        while shop.services.applier.apply_some(4):
            pass

    def ask_and_close(seed: int) -> Callable[[], None]:
        def work() -> None:
            chance, service = Random(seed), shop.services.leases
            for _ in range(20):
                wanted = gift_lease(5, chance.choice(cards))
                if ask(shop, 1, wanted).state == "granted":
                    with shop.database.write() as tx:
                        service.close(tx, WHO[0], wanted.lease_id, 0, release=True)

        return work

    all_at_once([apply, apply, ask_and_close(1), ask_and_close(2), ask_and_close(3)])
    apply()
    for card in cards:
        assert shop.balance(card) == (10_000 - spent[card], 0)
    assert shop.cases() == []


def test_servers_in_processes_of_their_own_grant_no_more_than_there_is(
    database: Database, shop: LendingShop
) -> None:
    shop.bring(1, issued(1))
    with database.write() as tx:
        wanted = ValueCorrection(account="gift", subject="card", amount=200, currency="EUR", note="opening")
        shop.services.value.correct(tx, wanted, "Ada")
    url = database.engine.url.render_as_string(hide_password=False)
    if not database.on_postgresql:
        url = f"sqlite:///{_file_of(database)}"
    command = [sys.executable, "-m", "tests.sync_server.leases.asking_process", url]
    workers = [
        subprocess.Popen(
            [*command, str(first * 1000 + 1), "40"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in range(1, 4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    sums = [worker.communicate("go\n", timeout=60)[0].split() for worker in workers]
    kept = sum(int(kept) for kept, _, _ in sums)
    refused = sum(int(refused) for _, _, refused in sums)
    assert shop.balance("card") == (200, kept)
    assert 200 - 9 < kept <= 200
    assert refused > 0


def _file_of(database: Database) -> str:
    with database.read() as tx:
        return str(tx.exec_driver_sql("pragma database_list").all()[0][2])
