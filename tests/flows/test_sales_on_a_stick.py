"""The line is down for days: a till's sales go to head office on a USB stick, and each counts once."""

from __future__ import annotations

import io
import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from pos_client.unsent_export import export_unsent
from shared_models.outbox_file import BadOutboxFile, OutboxHead, OutboxReader, OutboxWriter
from sync_server.exceptions.tables import exception_case
from sync_server.recovery.outbox_import import OutboxReport, UnknownMachine
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.flows.test_lost_and_copied_journals import assert_all_is_there_once, booked, cases, end

CODE = "AAAA-BBBB-CCCC-DDDD"


def written(till: RealTill, source: Path | None = None, *, everything: bool = False) -> tuple[Path, int]:
    head = OutboxHead(
        device_id=till.identity.device_id, till_id=till.till_id, store_id="03", made_at_ms=1_795_000_000_000
    )
    file = till.folder / f"{os.urandom(4).hex()}.outbox"
    sources = [source or till.folder / "till.db"]
    done = export_unsent(sources, None, file, CODE, os.urandom(16), head, everything=everything)
    return done.file, done.entries


def brought(shop: ServedShop, file: Path) -> OutboxReport:
    report = shop.services.outbox_import.run(io.BytesIO(file.read_bytes()), CODE, "Ada")
    shop.services.applier.drain()
    return report


def test_sales_brought_on_a_stick_count_once_though_the_till_sends_them_too(
    till: RealTill, shop: ServedShop
) -> None:
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    end(till)
    till.books = till._open_books()
    till.sell(700)
    file, entries = written(till)
    assert entries == 700
    report = brought(shop, file)
    assert (report.new, report.apart, booked(shop)) == (700, 0, 703)
    assert brought(shop, file).new == 0
    till.sell(2)
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) == 705)
    assert_all_is_there_once(shop, till)
    assert "Ada brought a file of 700 entries of till 03-2: 700 were new" in cases(shop)["outbox_imported"]


def test_a_till_that_never_reached_the_server_since_its_enrolment_is_brought_whole(
    till: RealTill, shop: ServedShop
) -> None:
    till.sell(4)
    file, _ = written(till)
    assert brought(shop, file).new == 4
    assert booked(shop) == 4


def test_a_destroyed_tills_card_is_read_on_the_machine_that_took_its_place(
    till: RealTill, shop: ServedShop, tmp_path: Path, stack: ExitStack
) -> None:
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    end(till)
    till.books = till._open_books()
    till.sell(5)
    end(till)
    card = tmp_path / "card.db"
    shutil.copy(till.folder / "till.db", card)
    till.books = till._open_books()
    fresh = RealTill(tmp_path / "new machine", till.url)
    stack.callback(fresh.close)
    fresh.enrol(shop.code())
    fresh._sales = 1000
    fresh.sell(2)
    fresh.start()
    fresh.wait_until_all_is_sent()
    file, entries = written(fresh, card, everything=True)
    assert entries == 8
    report = brought(shop, file)
    assert (report.new, report.apart) == (5, 0)
    assert booked(shop) == 10
    assert "bad_signature" not in cases(shop)
    assert_all_is_there_once(shop, till, fresh)


def test_what_lies_behind_a_damaged_part_is_kept_for_a_person(
    till: RealTill, shop: ServedShop, tmp_path: Path
) -> None:
    till.sell(60)
    till.books.database.script("pragma wal_checkpoint(truncate)")
    end(till)
    damaged = tmp_path / "damaged.db"
    shutil.copy(till.folder / "till.db", damaged)
    till.books = till._open_books()
    middle = damaged.stat().st_size // 2 // 4096 * 4096
    with damaged.open("r+b") as file:
        file.seek(middle)
        file.write(os.urandom(4096 * 2))
    out, entries = written(till, damaged)
    report = brought(shop, out)
    assert 0 < report.new < entries < 60
    assert report.apart == entries - report.new
    assert "kept apart because entries before them are missing" in cases(shop)["outbox_imported"]
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) == 60)
    assert_all_is_there_once(shop, till)


def test_a_file_cut_short_keeps_what_came_before_the_cut_and_says_so(
    till: RealTill, shop: ServedShop
) -> None:
    till.sell(600)
    file, _ = written(till)
    os.truncate(file, file.stat().st_size - 10)
    with pytest.raises(BadOutboxFile, match="cut short"):
        brought(shop, file)
    assert "Ada brought a file of till 03-2 that is cut short or altered" in cases(shop)["outbox_cut"]
    whole, _ = written(till)
    brought(shop, whole)
    assert booked(shop) == 600
    with shop.db.read() as tx:
        query = select(exception_case.c.state).where(exception_case.c.kind == "outbox_cut")
        assert tx.scalars(query).all() == ["resolved"]


def test_a_file_that_does_not_name_a_journal_in_it_is_refused_in_words_and_keeps_what_came_before(
    till: RealTill, shop: ServedShop
) -> None:
    till.sell(2)
    file, _ = written(till)
    reader = OutboxReader(io.BytesIO(file.read_bytes()), CODE)
    pushes = list(reader.pushes())
    unnamed = msgspec.structs.replace(pushes[-1], incarnation=bytes(16))
    forged = io.BytesIO()
    writer = OutboxWriter(forged, CODE, os.urandom(16), reader.head)
    for push in (*pushes, unnamed):
        writer.add(push)
    writer.end()
    with pytest.raises(BadOutboxFile, match="does not name"):
        shop.services.outbox_import.run(io.BytesIO(forged.getvalue()), CODE, "Ada")
    shop.services.applier.drain()
    assert booked(shop) == 2
    assert "2 entries could be read" in cases(shop)["outbox_cut"]


def test_another_shops_server_takes_nothing(till: RealTill, tmp_path: Path, stack: ExitStack) -> None:
    till.sell(4)
    other = ServedShop(tmp_path / "other")
    stack.callback(other.close)
    file, _ = written(till)
    with pytest.raises(UnknownMachine, match="Bring it to the server"):
        brought(other, file)
    assert other.stored() == []


def test_a_till_that_was_shut_out_is_still_believed_what_it_sealed(till: RealTill, shop: ServedShop) -> None:
    till.sell(4)
    with shop.db.write() as tx:
        shop.services.tills.revoke(tx, till.identity.device_id)
    file, _ = written(till)
    assert brought(shop, file).new == 4
