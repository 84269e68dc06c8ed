"""A person takes in what came raw and has no place in a journal: it is booked, and closings name it by its frame."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from litestar import Litestar

from shared_models import wire
from shared_models.closing import UnclassifiedMoney, WaitingFrame
from sync_server.database import Database
from tests.golden.make_closings import BROKEN
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, assert_an_auditor_finds_no_fault, only
from tests.sync_server.conftest import Clock
from tests.sync_server.leases.lending_shop import refunded

TILL = "till/03-1/day"
DAY, NEXT = "2026-11-21", "2026-11-22"


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    """A till that sold for one euro on the day, and for two more that nobody was sent yet."""
    shop = ClosingShop(app, database, client, clock)
    shop.sell(DAY, 100)
    shop.sell(DAY, 200, push=False)
    return shop


@pytest.fixture(autouse=True)
def an_auditor_finds_no_fault(shop: ClosingShop, tmp_path: Path) -> Iterator[None]:
    """In the end, of every test here."""
    yield
    assert_an_auditor_finds_no_fault(shop, tmp_path / "archive")


def euros(amount_minor: int) -> UnclassifiedMoney:
    return UnclassifiedMoney("EUR", 1, amount_minor, 0)


def a_sale_before_its_turn(shop: ClosingShop) -> str:
    """For three euros; the one before it is not here yet."""
    shop.sell(DAY, 300, push=False)
    return shop.came_raw(shop.till(1).entries[-1])


def test_it_is_named_by_its_frame_also_after_a_person_took_it_in(shop: ClosingShop) -> None:
    frame_id = a_sale_before_its_turn(shop)
    shop.night_after(DAY)
    shop.take_in(frame_id)
    shop.night_after(NEXT)
    assert shop.periods(TILL) == [(DAY, 0), (NEXT, 0)]
    for day in (DAY, NEXT):
        closing = shop.newest(TILL, day)
        assert closing.frames == (WaitingFrame(frame_id, (euros(300),), ()),)
        assert closing.unclassified == (euros(300),)
    assert only(shop.newest(TILL, DAY).figures).gross_minor == 100


def test_once_its_till_sent_it_its_day_has_it(shop: ClosingShop) -> None:
    shop.take_in(a_sale_before_its_turn(shop))
    shop.night_after(DAY)
    assert only(shop.newest(TILL, DAY).figures).gross_minor == 100
    shop.send()
    shop.night_after(NEXT)
    assert shop.periods(TILL) == [(DAY, 0), (DAY, 1), (NEXT, 0)]
    amending = shop.newest(TILL, DAY)
    assert (only(amending.figures).gross_minor, amending.frames, amending.unclassified) == (600, (), ())


def test_a_refund_is_named_by_its_frame_too(shop: ClosingShop) -> None:
    sale = shop.sell(DAY, 300, push=False)
    shop.till(1).push(2, 3)
    shop.sell(DAY, 5, push=False)
    back = shop.till(1).record(refunded(sale, (1, 1, 0), business_date=DAY))
    shop.take_in(shop.came_raw(back))
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert (closing.unclassified_refunds, only(closing.figures).refund_count) == ((euros(300),), 0)


def test_what_stands_in_a_later_life_of_the_journal_is_in_its_day(shop: ClosingShop) -> None:
    shop.take_in(a_sale_before_its_turn(shop))
    till = shop.till(1)
    sold = till.entries[-1]
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []
    till.record_bytes(sold.type, sold.body, sold.event_id)
    shop.send()
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert (only(closing.figures).gross_minor, closing.frames) == (400, ())


def test_what_can_not_even_be_booked_is_named_until_it_is_set_aside(shop: ClosingShop) -> None:
    broken = shop.till(1).record_bytes("refund.posted", BROKEN)
    frame_id = shop.take_in(shop.came_raw(broken))
    shop.night_after(DAY)
    assert shop.newest(TILL, DAY).frames == (WaitingFrame(frame_id, (), (euros(70),)),)
    shop.services.ingest.set_aside(broken.event_id.hex(), "It was given back in goods.", "Ada")
    shop.night_after(NEXT)
    assert shop.newest(TILL, NEXT).unclassified_refunds == ()


def test_what_another_till_sent_before_counts_there_alone(shop: ClosingShop) -> None:
    shop.sell(DAY, 300, push=False)
    sold, other = shop.till(1).entries[-1], shop.till(2)
    other.record_bytes(sold.type, sold.body, sold.event_id)
    shop.send(2)
    shop.take_in(shop.came_raw(sold))
    shop.night_after(DAY)
    assert only(shop.newest("till/03-2/day", DAY).figures).gross_minor == 300
    assert shop.newest(TILL, DAY).frames == ()


def test_a_till_of_which_only_such_a_sale_is_here_is_closed(shop: ClosingShop) -> None:
    other = shop.till(2)
    shop.sell(DAY, 9, till=2, push=False)
    shop.sell(DAY, 300, till=2, push=False)
    frame = wire.pack(other.batch(2, 2))
    assert other.log_in().status_code == 200
    other.send_raw(frame)
    shop.take_in(sha256(frame).hexdigest())
    shop.night_after(DAY)
    assert shop.newest("till/03-2/day", DAY).unclassified == (euros(300),)
    assert shop.newest("store/03/day", DAY).unclassified == (euros(300),)
