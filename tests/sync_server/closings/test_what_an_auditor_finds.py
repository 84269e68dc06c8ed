"""An auditor adds every closing up again from the entries and finds the same, whatever happened to the shop."""

from __future__ import annotations

import random
from hashlib import sha256
from pathlib import Path

import pytest
from litestar import Litestar
from sqlalchemy import update

from shared_models import wire
from shared_models.signing import public_key_of
from sync_server.database import Database
from sync_server.evidence.tables import closing
from sync_server.recovery.journal_archive import Wanted, archive
from sync_server.reports.takings import takings
from sync_server.reports.unclassified import not_booked
from sync_server.sales.service import SaleFilter
from tests.golden.make_closings import BROKEN
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms, only
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import a_line, a_sale
from verifier.archive import Report, check_archive

DAYS = ["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"]


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    return ClosingShop(app, database, client, clock)


def checked(shop: ClosingShop, folder: Path, till_id: str = "") -> Report:
    archive(shop.database, shop.services.tills.key_of, folder, Wanted(till_id=till_id))
    keys = {public_key_of(till.key).hex() for till in shop.tills}
    return check_archive(folder, keys, {shop.services.evidence.key.public_key})


@pytest.mark.parametrize("seed", range(3))
def test_days_of_all_kinds_are_found_whole(shop: ClosingShop, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for today in DAYS:
        for number in (1, 2):
            for _ in range(chance.randrange(4)):
                happen(shop, chance, number, chance.choice([today, today, DAYS[0], "2026-11-20"]))
        if chance.random() < 0.3:
            shop.clock.now = at_ms(f"{today} 20:00")
            shop.services.closings.close_now("03", today)
        shop.night_after(today)
        as_the_live_report_says(shop)
    report = checked(shop, tmp_path / "archive")
    assert report.faults == ()
    assert report.closings > 2 * len(DAYS)
    with shop.database.read() as tx:
        total = takings(tx, SaleFilter(store_id="03"), "store").totals
    grand = shop.closings("store/03/day")[-1].closing.grand
    assert [(one.currency, one.gross_minor, one.tax_minor) for one in grand] == [
        (one.currency, one.gross_minor, one.tax_minor) for one in total
    ]


def as_the_live_report_says(shop: ClosingShop) -> None:
    """Of each till's money in no figure, and of the store's."""
    for till_id, chain in (("", "store/03/day"), ("03-1", "till/03-1/day"), ("03-2", "till/03-2/day")):
        if kept := shop.closings(chain):
            with shop.database.read() as tx:
                live = not_booked(tx, "03", till_id)
            said = kept[-1].closing
            assert [*said.unclassified, "refunds", *said.unclassified_refunds] == [
                *live.sales,
                "refunds",
                *live.refunds,
            ]


def happen(shop: ClosingShop, chance: random.Random, number: int, day: str) -> None:
    """Something that a till does, or that is done to it."""
    what, till = chance.randrange(10), shop.till(number)
    assert till.log_in().status_code == 200
    if what < 4:
        shop.sell(day, chance.randrange(1, 5000), number, training=what == 3)
    elif what == 4:
        shop.refund(shop.sell(day, 500, number), day, number)
    elif what == 5:
        fact = a_sale(
            900,
            a_line(price=70),
            till=f"03-{number}",
            business_date=day,
            currency=chance.choice(["QQQ", "EUR"]),
        )
        till.record_bytes("sale.posted", b'{"at_ms":1,"tz_min":0,"fact":{"total_minor":70,"currency":"EUR"}}')
        till.record(fact)
        shop.send(number)
    elif what == 6:
        till.record(a_sale(901, till=f"03-{number}", business_date=day))
        till.send_raw(wire.pack(till.batch(len(till.entries))))
        if chance.random() < 0.5:
            shop.services.ingest.take_in_raw()
        shop.services.applier.drain()
    elif what == 7:
        till.record_bytes("refund.posted", BROKEN)
        shop.send(number)
    elif what == 8:
        send_frames(shop, chance, number, day)
    elif till.entries:
        old = list(till.entries)
        till.incarnation, till.entries = chance.randbytes(16), []
        for entry in old:
            till.record_bytes(entry.type, entry.body, entry.event_id)
        shop.send(number)


def send_frames(shop: ClosingShop, chance: random.Random, number: int, day: str) -> None:
    """Noise, entries that are here already, and several at once, which the till may bring in another way later."""
    till = shop.till(number)
    frames = [chance.randbytes(9)]
    if till.entries:
        frames.append(wire.pack(till.batch(chance.randint(1, len(till.entries)))))
    held = list(till.entries)
    shop.sell(day, chance.randrange(1, 5000), number, push=False)
    till.record_bytes("refund.posted", BROKEN)
    frames.append(wire.pack(till.batch(len(held) + 1)))
    if chance.random() < 0.5:
        till.entries = held
    else:
        frames.append(wire.pack(till.batch(len(held) + 1, len(held) + 1)))
    for frame in frames:
        assert till.send_raw(frame).status_code in (200, 202)
        if chance.random() < 0.3:
            shop.services.ingest.set_aside(sha256(frame).hexdigest(), "Nobody needs it.", "Ada")
    if till.entries:
        shop.send(number)


def test_a_sale_that_another_till_sent_first_is_counted_there_and_named_here(
    shop: ClosingShop, tmp_path: Path
) -> None:
    shop.sell("2026-11-26", 100)
    sent = shop.till(1).entries[0]
    shop.till(2).record_bytes(sent.type, sent.body, sent.event_id)
    shop.sell("2026-11-26", 30, till=2)
    shop.night_after("2026-11-26")
    other = shop.newest("till/03-2/day", "2026-11-26")
    assert (only(other.figures).gross_minor, [one.why for one in other.left_out]) == (30, ["elsewhere"])
    assert only(shop.newest("store/03/day", "2026-11-26").figures).gross_minor == 130
    assert checked(shop, tmp_path / "archive").faults == ()


def test_one_tills_archive_has_its_closings_and_no_roots(shop: ClosingShop, tmp_path: Path) -> None:
    shop.sell("2026-11-26", 100)
    shop.sell("2026-11-26", 30, till=2)
    shop.night_after("2026-11-26")
    report = checked(shop, tmp_path / "archive", "03-1")
    assert (report.faults, report.closings, report.roots) == ((), 1, 0)


def test_a_database_that_somebody_changed_after_the_closing_is_found(
    shop: ClosingShop, tmp_path: Path
) -> None:
    shop.sell("2026-11-26", 100)
    shop.night_after("2026-11-26")
    kept = shop.closings("till/03-1/day")[0]
    body = kept.seal.body.replace(b'"gross_minor":100', b'"gross_minor":900')
    with shop.database.write() as tx:
        tx.execute(update(closing).where(closing.c.closing_id == kept.closing_id).values(body=body))
    faults = checked(shop, tmp_path / "archive").faults
    assert ("closing 1 of till/03-1/day (2026-11-26)", "statement") in {
        (one.entry, one.field) for one in faults
    }
