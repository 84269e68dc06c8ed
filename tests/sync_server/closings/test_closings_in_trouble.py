"""Closings where something is wrong: broken sales, wrong clocks, copies, other currencies, two servers at once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from shared_models import wire
from shared_models.closing import LeftOut, UnclassifiedMoney
from shared_models.events import Recorded, encode_body
from sync_server.closings.reach import Look, last_look, remember
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log
from sync_server.services import build_services
from sync_server.settings import Settings
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms, only
from tests.sync_server.conftest import Clock
from tests.sync_server.kept_app import CHEAP_HASHER
from tests.sync_server.made_up_days import a_line, a_sale, ids

TILL, DAYS = "till/03-1/day", "store/03/day"


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    return ClosingShop(app, database, client, clock)


def a_sale_of_no_currency(shop: ClosingShop, day: str) -> None:
    """Stored and acknowledged, but not bookable."""
    fact = a_sale(900, a_line(price=700), business_date=day, currency="QQQ")
    shop.till(1).record(fact, at_ms=at_ms(f"{day} 15:00"))
    shop.send()


def test_money_that_can_not_be_booked_is_named_in_the_closing_and_in_no_figure(
    shop: ClosingShop, database: Database
) -> None:
    shop.sell("2026-11-21", 100)
    a_sale_of_no_currency(shop, "2026-11-21")
    shop.night_after("2026-11-21")
    closing = shop.newest(TILL, "2026-11-21")
    assert only(closing.figures).gross_minor == 100
    assert closing.left_out == (LeftOut(shop.till(1).incarnation.hex(), 2, "unbooked"),)
    assert closing.unclassified == (UnclassifiedMoney("", 1, 0, 1),)
    assert shop.newest(DAYS, "2026-11-21").unclassified == closing.unclassified


def test_what_can_be_booked_later_amends_its_day(shop: ClosingShop, database: Database) -> None:
    shop.sell("2026-11-21", 100)
    a_sale_of_no_currency(shop, "2026-11-21")
    shop.night_after("2026-11-21")
    good = encode_body(Recorded(at_ms("2026-11-21 15:00"), 60, a_sale(900, a_line(price=700))))
    with database.write() as tx:
        tx.execute(update(ingest_log).where(ingest_log.c.seq == 2).values(body=good))
        id = tx.scalar(select(ingest_log.c.event_id).where(ingest_log.c.seq == 2))
    shop.services.ingest.retry(bytes(id).hex(), "Ada")
    shop.services.applier.drain()
    shop.night_after("2026-11-22")
    assert shop.periods(TILL) == [("2026-11-21", 0), ("2026-11-21", 1), ("2026-11-22", 0)]
    amending = shop.newest(TILL, "2026-11-21")
    assert (only(amending.figures).gross_minor, amending.left_out, amending.unclassified) == (800, (), ())


def test_an_entry_that_is_only_kept_raw_is_named(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.till(1).record(a_sale(901, business_date="2026-11-21"), at_ms=at_ms("2026-11-21 16:00"))
    shop.till(1).send_raw(wire.pack(shop.till(1).batch(2, 2)))
    shop.night_after("2026-11-21")
    assert [one.why for one in shop.newest(TILL, "2026-11-21").left_out] == ["kept_raw"]
    shop.services.ingest.take_in_raw()
    shop.services.applier.drain()
    shop.night_after("2026-11-22")
    assert only(shop.newest(TILL, "2026-11-21").figures).sale_count == 2


def test_nothing_is_closed_over_entries_that_wait_to_be_booked(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.till(1).record(a_sale(2, business_date="2026-11-21"))
    shop.till(1).push()
    shop.night_after("2026-11-21")
    assert shop.closings(TILL) == []
    shop.services.applier.drain()
    shop.services.closings.close_due()
    assert only(shop.newest(TILL, "2026-11-21").figures).sale_count == 2


def test_every_currency_has_figures_of_its_own(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.sell("2026-11-21", 5000, currency="PLN")
    shop.night_after("2026-11-21")
    shop.sell("2026-11-22", 10)
    shop.night_after("2026-11-22")
    day, after = shop.newest(DAYS, "2026-11-21"), shop.newest(DAYS, "2026-11-22")
    assert [(one.currency, one.gross_minor) for one in day.figures] == [("EUR", 100), ("PLN", 5000)]
    assert [(one.currency, one.gross_minor) for one in after.grand] == [("EUR", 110), ("PLN", 5000)]


def test_a_sale_below_nothing_lowers_no_turnover(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.sell("2026-11-21", -30)
    shop.night_after("2026-11-21")
    grand = only(shop.newest(DAYS, "2026-11-21").grand)
    assert (grand.turnover_minor, grand.gross_minor) == (100, 70)


def test_a_sale_delivered_again_in_another_life_of_the_journal_counts_once(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.night_after("2026-11-21")
    till = shop.till(1)
    old = list(till.entries)
    till.incarnation, till.entries = bytes(reversed(till.incarnation)), []
    for entry in old:
        till.record_bytes(entry.type, entry.body, entry.event_id)
    shop.sell("2026-11-22", 7)
    shop.night_after("2026-11-22")
    assert shop.periods(TILL) == [("2026-11-21", 0), ("2026-11-22", 0)]
    assert only(shop.newest(TILL, "2026-11-22").grand).gross_minor == 107
    assert len(shop.newest(TILL, "2026-11-22").journals) == 2


def test_a_till_with_a_dead_clock_neither_begins_a_chain_in_1970_nor_loses_its_money(
    shop: ClosingShop,
) -> None:
    shop.sell("1970-01-01", 33)
    shop.sell("2026-11-21", 100)
    shop.night_after("2026-11-21")
    assert shop.periods(TILL) == [("2026-11-21", 0), ("1970-01-01", 0)]
    assert shop.periods(DAYS) == shop.periods(TILL)
    assert only(shop.closings(DAYS)[-1].closing.grand).gross_minor == 133


def test_a_sale_of_a_day_to_come_waits_for_its_day(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.sell("2026-11-24", 55)
    shop.night_after("2026-11-21")
    assert only(shop.newest(DAYS, "2026-11-21").grand).gross_minor == 100
    shop.night_after("2026-11-24")
    assert only(shop.newest(DAYS, "2026-11-24").grand).gross_minor == 155


def test_a_server_whose_clock_leaps_ahead_does_not_close_years_by_itself(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.night_after("2031-01-01")
    assert shop.closings(DAYS)[-1].closing.period == "2026-12-22"
    with shop.database.read() as tx:
        (case,) = shop.services.exceptions.cases(tx, kind="closings_wait")
    assert "the last that came of store 03 is of 2026-11-21" in case.sentence
    shop.clock.now = at_ms("2027-01-10 05:00")
    shop.services.closings.close_now("03")
    assert shop.closings(DAYS)[-1].closing.period == "2027-01-09"


def test_after_a_leap_of_the_clock_the_days_are_amended_when_they_are_really_over(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.night_after("2026-11-30")
    shop.clock.now = at_ms("2026-11-22 12:00")
    shop.sell("2026-11-22", 20)
    shop.services.closings.close_due()
    assert len(shop.closings(TILL)) == 10
    shop.night_after("2026-11-22")
    assert shop.periods(TILL)[-1] == ("2026-11-22", 2)
    assert only(shop.closings(TILL)[-1].closing.grand).gross_minor == 120


def test_two_servers_that_close_at_once_make_one_chain(
    shop: ClosingShop, settings: Settings, database: Database, clock: Clock
) -> None:
    for day in range(20, 26):
        shop.sell(f"2026-11-{day}", 100 + day, till=1 + day % 2)
    clock.now = at_ms("2026-11-26 05:00")
    url = database.engine.url.render_as_string(hide_password=False)
    others = (
        [Database(url.replace("+psycopg", "")) for _ in range(2)]
        if database.on_postgresql
        else [database] * 2
    )
    services = [build_services(settings, other, clock, ids(), CHEAP_HASHER) for other in others]
    start = threading.Barrier(2)
    troubles: list[BaseException] = []

    def close(at: int) -> None:
        start.wait()
        try:
            services[at].closings.close_due()
        except BaseException as reason:  # noqa: BLE001 - the test shows it
            troubles.append(reason)

    threads = [threading.Thread(target=close, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if database.on_postgresql:
        for other in others:
            other.close()
    assert troubles == []
    days = Counter(period for period, amends in shop.periods(DAYS) if not amends)
    assert days == Counter({f"2026-11-{day}": 1 for day in range(20, 26)})
    kept = shop.closings(DAYS)
    assert [one.closing.number for one in kept] == list(range(1, len(kept) + 1))
    assert [one.closing.previous for one in kept[1:]] == [one.seal.hash.hex() for one in kept[:-1]]
    with database.read() as tx:
        assert len(shop.services.statements.roots(tx)) == 1


@pytest.mark.postgres
def test_two_servers_that_note_at_once_how_far_they_looked_do_not_stop_each_other(
    postgresql_database: Database,
) -> None:
    def note(at_once: threading.Barrier) -> None:
        with postgresql_database.write() as tx:
            assert last_look(tx, "03-1") == Look()
            at_once.wait()
            remember(tx, "03-1", Look(waiting=("2026-11-21",)))

    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as servers:
        for noted in [servers.submit(note, both) for _ in range(2)]:
            noted.result()
    with postgresql_database.read() as tx:
        assert last_look(tx, "03-1").waiting == ("2026-11-21",)


def test_a_closing_is_stored_as_the_bytes_that_were_signed(shop: ClosingShop) -> None:
    shop.sell("2026-11-21", 100)
    shop.night_after("2026-11-21")
    for one in shop.closings(DAYS):
        assert msgspec.json.encode(one.closing) == one.seal.body
