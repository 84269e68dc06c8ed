"""A till's disk dies in the middle of the day: what head office has in the end is each sale once, and the story."""

from __future__ import annotations

import os
from pathlib import Path

from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.flows.test_lost_and_copied_journals import assert_all_is_there_once, booked, cases, end


def spoil_half(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(size // 4 // 4096 * 4096))
    path.with_name(path.name + ".suspect").touch()


def test_sales_on_both_sides_of_a_damaged_part_arrive_once(till: RealTill, shop: ServedShop) -> None:
    till.sell(40)
    till.start()
    till.wait_until_all_is_sent()
    end(till)
    till.books = till._open_books()
    till.sell(40)
    till.books.database.script("pragma wal_checkpoint(truncate)")
    till.books.close()
    spoil_half(till.folder / "till.db")
    till.books = till._open_books()
    kept = sum(entry.type == "sale.posted" for entry in till.journal())
    assert kept < 80
    till.sell(2)
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) >= kept + 2)
    assert "its database was damaged" in cases(shop)["journal_restarted"]
    assert_all_is_there_once(shop, till)


def test_a_database_that_is_rubbish_costs_only_what_had_not_been_sent(
    till: RealTill, shop: ServedShop
) -> None:
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    end(till)
    till.books = till._open_books()
    till.sell(3)
    till.books.database.script("pragma wal_checkpoint(truncate)")
    till.books.close()
    path = till.folder / "till.db"
    path.write_bytes(bytes(path.stat().st_size))
    till.books = till._open_books()
    till.sell(4)
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) == 9)
    story = cases(shop)["journal_restarted"]
    assert "Entries 6 to 8 of the series before never arrived" in story
    assert "journal_forked" not in cases(shop)
