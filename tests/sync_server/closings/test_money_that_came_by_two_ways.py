"""One fact that came in a frame and by another way too: a closing counts it once, and an auditor finds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar

from shared_models.journal import Entry
from sync_server.database import Database
from sync_server.recovery.journal_archive import archive
from tests.golden.make_closings import BROKEN
from tests.sync_server.a_till import ATill, Client
from tests.sync_server.closings.closing_shop import ClosingShop, assert_an_auditor_finds_no_fault
from tests.sync_server.conftest import Clock
from verifier.archive import check_archive

TILL = "till/03-1/day"
DAY = "2026-11-21"


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    """One euro on the first till, seven cents on the other."""
    shop = ClosingShop(app, database, client, clock)
    shop.sell(DAY, 100)
    shop.sell(DAY, 7, till=2)
    return shop


@pytest.fixture(autouse=True)
def an_auditor_finds_no_fault(shop: ClosingShop, tmp_path: Path) -> Iterator[None]:
    """In the end, of every test here."""
    yield
    assert_an_auditor_finds_no_fault(shop, tmp_path / "archive")


def before_its_turn(shop: ClosingShop) -> Entry:
    """A sale for three euros; the one before it, for two, is not sent."""
    shop.sell(DAY, 200, push=False)
    shop.sell(DAY, 300, push=False)
    return shop.till(1).entries[-1]


def in_a_new_journal(till: ATill) -> None:
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []


def all_money(shop: ClosingShop) -> tuple[int, int]:
    """Of the store's day: in figures and named, and how many that can't be read."""
    closing = shop.newest("store/03/day", DAY)
    figures = sum(one.gross_minor for one in closing.figures)
    named = sum(one.amount_minor for one in closing.unclassified)
    return figures + named, sum(one.unreadable for one in closing.unclassified)


def whys(shop: ClosingShop) -> set[str]:
    return {one.why for one in shop.newest(TILL, DAY).left_out}


@pytest.mark.parametrize("by", ["a person", "the server"])
def test_a_frame_that_was_taken_in_and_comes_again_at_its_turn_is_the_fact_of_its_place(
    shop: ClosingShop, by: str
) -> None:
    sold = before_its_turn(shop)
    frame_id = shop.came_raw(sold)
    if by == "a person":
        shop.take_in(frame_id)
    else:
        shop.services.ingest.take_in_raw()
        shop.services.applier.drain()
    shop.till(1).push(2, 2)
    shop.services.applier.drain()
    assert shop.came_raw(sold) == frame_id
    shop.night_after(DAY)
    assert (all_money(shop), whys(shop)) == ((607, 0), set())


def test_a_place_that_was_left_without_its_fact_gets_it_when_the_frame_is_tried_again(
    shop: ClosingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As earlier servers left it."""
    sold = before_its_turn(shop)
    frame_id = shop.came_raw(sold)
    shop.take_in(frame_id)
    shop.till(1).push(2, 2)
    with monkeypatch.context() as earlier:
        earlier.setattr(shop.services.ingest._raw_frames, "_name_if_taken_in", lambda *_: None)
        shop.came_raw(sold)
    shop.take_in(frame_id)
    shop.night_after(DAY)
    assert (all_money(shop), whys(shop)) == ((607, 0), set())


def test_frames_of_two_tills_with_one_sale_that_were_both_taken_in_count_once(shop: ClosingShop) -> None:
    sold = before_its_turn(shop)
    shop.sell(DAY, 1, till=2, push=False)
    again = shop.till(2).record_bytes(sold.type, sold.body, sold.event_id)
    shop.take_in(shop.came_raw(sold))
    shop.take_in(shop.came_raw(again, till=2))
    shop.night_after(DAY)
    assert all_money(shop) == (407, 0)


def test_a_sale_that_waits_at_its_place_and_was_taken_in_from_another_frame_counts_at_its_place(
    shop: ClosingShop,
) -> None:
    till = shop.till(1)
    shop.sell(DAY, 300, push=False)
    sold = till.entries[-1]
    shop.came_raw(sold)
    in_a_new_journal(till)
    shop.sell(DAY, 200, push=False)
    shop.take_in(shop.came_raw(till.record_bytes(sold.type, sold.body, sold.event_id)))
    shop.night_after(DAY)
    assert (all_money(shop), whys(shop)) == ((407, 0), {"kept_raw"})
    assert shop.newest(TILL, DAY).frames == ()


def test_what_came_raw_and_was_set_aside_where_it_is_stored_is_set_aside_in_both_places(
    shop: ClosingShop, tmp_path: Path
) -> None:
    till = shop.till(1)
    broken = till.record_bytes("sale.posted", BROKEN)
    shop.came_raw(broken)
    in_a_new_journal(till)
    till.record_bytes(broken.type, broken.body, broken.event_id)
    shop.send()
    shop.services.ingest.set_aside(broken.event_id.hex(), "Rung up twice.", "Ada")
    shop.night_after(DAY)
    assert (all_money(shop), whys(shop)) == ((107, 0), {"set_aside"})
    archive(shop.database, shop.services.tills.key_of, tmp_path / "told")
    assert len(check_archive(tmp_path / "told", set(), set()).set_aside) == 1, "one sale, told once"


def test_a_training_sale_that_was_taken_in_is_no_money(shop: ClosingShop) -> None:
    shop.sell(DAY, 200, push=False)
    shop.sell(DAY, 300, push=False, training=True)
    shop.take_in(shop.came_raw(shop.till(1).entries[-1]))
    shop.night_after(DAY)
    assert (all_money(shop), shop.newest(TILL, DAY).frames) == ((107, 0), ())
