"""A closing says all money that is not in its figures: sales and refunds that can't be booked, and what came raw."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from shared_models import wire
from shared_models.closing import LeftOut, UnclassifiedMoney, WaitingFrame
from shared_models.journal import Entry
from sync_server.database import Database
from sync_server.recovery.journal_archive import archive
from tests.golden.make_closings import BROKEN
from tests.sync_server.a_till import ATill, Client
from tests.sync_server.closings.closing_shop import ClosingShop, assert_an_auditor_agrees, at_ms, only
from tests.sync_server.conftest import Clock
from tests.sync_server.leases.lending_shop import refunded
from tests.sync_server.made_up_days import a_line, a_sale
from verifier.__main__ import main as verifier_says

TILL, OTHER, DAYS = "till/03-1/day", "till/03-2/day", "store/03/day"
DAY, NEXT = "2026-11-21", "2026-11-22"
NOISE = b"\0\1 nobody can read this"
UNREADABLE = UnclassifiedMoney("", 1, 0, 1)


def euros(amount_minor: int, entries: int = 1) -> UnclassifiedMoney:
    return UnclassifiedMoney("EUR", entries, amount_minor, 0)


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    """A till that sold for one euro on the day."""
    shop = ClosingShop(app, database, client, clock)
    shop.sell(DAY, 100)
    return shop


@pytest.fixture(autouse=True)
def an_auditor_finds_no_fault_and_the_live_report_says_the_same(shop: ClosingShop, tmp_path: Path) -> Any:
    """In the end, of every test here."""
    yield
    assert_an_auditor_agrees(shop, tmp_path / "archive")


def came_raw(till: ATill, *entries: Entry) -> str:
    """One frame of them all; its id."""
    frame = wire.pack(till.batch(entries[0].seq, entries[-1].seq))
    assert till.log_in().status_code == 200
    assert till.send_raw(frame).status_code in (200, 202)
    return sha256(frame).hexdigest()


def a_raw_sale(shop: ClosingShop, price: int = 700, till: int = 1) -> str:
    fact = a_sale(901, a_line(price=price), till=f"03-{till}", business_date=DAY)
    return came_raw(shop.till(till), shop.till(till).record(fact, at_ms=at_ms(f"{DAY} 16:00")))


def whys(shop: ClosingShop, day: str = DAY) -> list[str]:
    return [one.why for one in shop.newest(TILL, day).left_out]


def test_a_refund_that_can_not_be_booked_is_named_in_the_closing(shop: ClosingShop) -> None:
    shop.till(1).record_bytes("refund.posted", BROKEN)
    shop.send()
    shop.night_after(DAY)
    for chain in (TILL, DAYS):
        closing = shop.newest(chain, DAY)
        assert (closing.unclassified, closing.unclassified_refunds) == ((), (euros(70),))
        assert only(closing.figures).refund_count == 0
    assert whys(shop) == ["unbooked"]


def test_a_sale_and_a_refund_that_came_raw_are_named_with_their_amounts(shop: ClosingShop) -> None:
    sale = shop.sell(DAY, 300, push=False)
    till = shop.till(1)
    came_raw(till, till.entries[1])
    came_raw(till, till.record(refunded(sale, (1, 1, 0), business_date=DAY)))
    shop.night_after(DAY)
    for chain in (TILL, DAYS):
        closing = shop.newest(chain, DAY)
        assert (closing.unclassified, closing.unclassified_refunds) == ((euros(300),), (euros(300),))
    assert (whys(shop), shop.newest(TILL, DAY).frames) == (["kept_raw", "kept_raw"], ())


def test_a_frame_that_nobody_can_read_is_one_sale_of_unknown_amount_and_named_by_its_hash(
    shop: ClosingShop,
) -> None:
    shop.till(1).send_raw(NOISE)
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert closing.unclassified == (UNREADABLE,)
    assert closing.frames == (WaitingFrame(sha256(NOISE).hexdigest(), (UNREADABLE,), ()),)
    of_store = shop.newest(DAYS, DAY)
    assert (of_store.unclassified, of_store.frames) == ((UNREADABLE,), ())


def test_a_frame_of_several_entries_that_stand_nowhere_counts_by_what_it_holds(shop: ClosingShop) -> None:
    till = shop.till(1)
    sale = shop.sell(DAY, 300, push=False)
    till.record(refunded(sale, (1, 1, 0), business_date=DAY))
    till.record_bytes("sale.posted", b"no JSON")
    frame_id = came_raw(till, *till.entries[1:])
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert closing.frames == (WaitingFrame(frame_id, (UNREADABLE, euros(300)), (euros(300),)),)
    assert (closing.unclassified, closing.left_out) == ((UNREADABLE, euros(300)), ())


def test_what_stands_in_a_frame_and_came_by_another_way_too_counts_where_it_stands(shop: ClosingShop) -> None:
    till = shop.till(1)
    shop.sell(DAY, 300, push=False)
    shop.sell(DAY, 20, push=False)
    came_raw(till, *till.entries[1:])
    came_raw(till, till.entries[1])
    assert till.push(3, 3).high == 3
    shop.services.applier.drain()
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert only(closing.figures).gross_minor == 120
    assert (closing.unclassified, closing.frames, whys(shop)) == ((euros(300),), (), ["kept_raw"])


def test_a_sale_in_two_frames_and_in_two_lives_of_the_journal_counts_once(shop: ClosingShop) -> None:
    a_raw_sale(shop)
    till = shop.till(1)
    old = list(till.entries)
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []
    for entry in old:
        till.record_bytes(entry.type, entry.body, entry.event_id)
    till.push(1, 1)
    came_raw(till, till.entries[1])
    till.record(a_sale(902, a_line(price=11), business_date=DAY))
    came_raw(till, *till.entries[1:3])
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert (whys(shop), closing.unclassified) == (["kept_raw", "kept_raw"], (euros(711, 2),))
    assert [frame.sales for frame in closing.frames] == [(euros(11),)]


def test_what_came_raw_and_is_booked_from_another_place_is_no_money_here(shop: ClosingShop) -> None:
    till = shop.till(1)
    old = till.entries[0]
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []
    came_raw(till, till.record_bytes(old.type, old.body, old.event_id))
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert (whys(shop), closing.unclassified) == (["elsewhere"], ())
    assert only(closing.figures).gross_minor == 100


def test_of_two_sales_under_one_id_each_is_known_again_where_it_came_raw(shop: ClosingShop) -> None:
    till = shop.till(1)
    till.record(a_sale(2, a_line(price=30), business_date=DAY), event_id=till.entries[0].event_id)
    shop.send()
    both = list(till.entries)
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []
    for old in both:
        came_raw(till, till.record_bytes(old.type, old.body, old.event_id))
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert only(closing.figures).gross_minor == 130
    assert (whys(shop), closing.unclassified, closing.frames) == (["elsewhere", "elsewhere"], (), ())


def test_an_entry_that_came_raw_and_is_no_money_is_named_and_counts_nothing(shop: ClosingShop) -> None:
    came_raw(shop.till(1), shop.till(1).record_bytes("drawer.opened", b"{}"))
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert (whys(shop), closing.unclassified, closing.frames) == (["kept_raw"], (), ())


def test_a_frame_that_head_office_set_aside_is_not_money(shop: ClosingShop) -> None:
    frame_id = a_raw_sale(shop)
    shop.till(1).send_raw(NOISE)
    for id in (frame_id, sha256(NOISE).hexdigest()):
        shop.services.ingest.set_aside(id, "Rung up twice.", "Ada")
    shop.night_after(DAY)
    closing = shop.newest(TILL, DAY)
    assert closing.left_out == (LeftOut(shop.till(1).incarnation.hex(), 2, "set_aside"),)
    assert (closing.unclassified, closing.frames) == ((), ())


def test_setting_a_frame_aside_amends_no_closing_and_the_next_one_says_it(shop: ClosingShop) -> None:
    frame_id = a_raw_sale(shop)
    shop.night_after(DAY)
    shop.services.ingest.set_aside(frame_id, "Rung up twice.", "Ada")
    shop.night_after(NEXT)
    assert shop.periods(TILL) == [(DAY, 0), (NEXT, 0)]
    before, after = shop.newest(TILL, DAY), shop.newest(TILL, NEXT)
    assert (before.unclassified, whys(shop)) == ((euros(700),), ["kept_raw"])
    assert (after.unclassified, whys(shop, NEXT)) == ((), ["set_aside"])


def test_a_frame_that_was_set_aside_and_is_taken_in_after_all_amends_its_day(shop: ClosingShop) -> None:
    frame_id = a_raw_sale(shop)
    shop.services.ingest.set_aside(frame_id, "Rung up twice.", "Ada")
    shop.night_after(DAY)
    shop.services.ingest.retry(frame_id, "Ada")
    shop.services.applier.drain()
    shop.night_after(NEXT)
    assert shop.periods(TILL) == [(DAY, 0), (DAY, 1), (NEXT, 0)]
    amending = shop.newest(TILL, DAY)
    assert (only(amending.figures).gross_minor, amending.left_out) == (800, ())


def test_an_entry_that_can_not_be_booked_is_no_money_once_it_was_set_aside_and_is_still_named(
    shop: ClosingShop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        shop.till(1).record_bytes("refund.posted", BROKEN)
    shop.send()
    shop.night_after(DAY)
    first, _ = shop.till(1).entries[1:]
    shop.services.ingest.set_aside(first.event_id.hex(), "It was given back in goods.", "Ada")
    shop.night_after(NEXT)
    before, after = shop.newest(TILL, DAY), shop.newest(TILL, NEXT)
    assert (before.unclassified_refunds, whys(shop)) == ((euros(140, 2),), ["unbooked", "unbooked"])
    assert (after.unclassified_refunds, whys(shop, NEXT)) == ((euros(70),), ["set_aside", "unbooked"])
    assert shop.periods(TILL) == [(DAY, 0), (NEXT, 0)]
    archive(shop.database, shop.services.tills.key_of, tmp_path / "told")
    assert verifier_says([str(tmp_path / "told")]) == 0
    which = f"entry 2 of incarnation {shop.till(1).incarnation.hex()[:8]}"
    told = f"Head office set {which} aside, so it counts as no money: a refund of 70 EUR, in minor units.\n"
    assert told in capsys.readouterr().out


def test_a_stores_day_adds_up_what_its_tills_say(shop: ClosingShop) -> None:
    shop.sell(DAY, 5, till=2)
    a_raw_sale(shop, 700)
    a_raw_sale(shop, 30, till=2)
    shop.till(2).send_raw(NOISE)
    shop.till(2).record_bytes("refund.posted", BROKEN)
    shop.till(2).push(3, 3)
    shop.services.applier.drain()
    shop.night_after(DAY)
    closing = shop.newest(DAYS, DAY)
    assert closing.unclassified == (UNREADABLE, euros(730, 2))
    assert closing.unclassified_refunds == (euros(70),)
    assert shop.newest(OTHER, DAY).unclassified == (UNREADABLE, euros(30))


def test_a_till_of_whose_money_nothing_could_be_booked_is_closed_and_counts_in_its_stores_day(
    shop: ClosingShop,
) -> None:
    shop.clock.now = at_ms(f"{DAY} 12:00")
    a_raw_sale(shop, 30, till=2)
    shop.till(2).send_raw(NOISE)
    shop.services.closings.close_due()
    shop.night_after(DAY)
    assert shop.periods(OTHER) == [(DAY, 0)]
    closing = shop.newest(DAYS, DAY)
    assert closing.unclassified == (UNREADABLE, euros(30))
    assert [part.chain for part in closing.parts] == [TILL, OTHER]


def test_a_till_with_a_dead_clock_whose_first_entry_came_raw_begins_no_chain_in_1970(
    shop: ClosingShop,
) -> None:
    till = shop.till(2)
    came_raw(till, till.record_bytes("drawer.opened", b"{}"))
    shop.sell("1970-01-01", 33, till=2)
    shop.night_after(DAY)
    assert shop.periods(OTHER) == [(DAY, 0), ("1970-01-01", 0)]
