"""A damaged till database: the till puts it aside, keeps what is provable, and sells on in a new receipt series."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store import rescue
from pos_client.store.books import TillBooks
from pos_client.till.errors import StorageFailed
from shared_models.continuity import IncarnationOpened
from shared_models.events import decode_body
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    open_books,
    parked_sale,
    sale_parked,
    sale_recalled,
    shift_opened,
)

KEY = "7d" * 32
PAGE = 4096


def sell(books: TillBooks, count: int) -> None:
    for number in range(count):
        books.post_sale(a_sale(sale_id=f"{books.head()[0] * 1000 + number:032x}"), open_drawer=False)


def a_day(books: TillBooks, sales: int = 60) -> None:
    books.post(shift_opened())
    sell(books, sales)
    books.post(cash_moved("paid_in", 500))
    books.park(parked_sale("p1"), sale_parked("p1"))
    books.park(parked_sale("p2"), sale_parked("p2"))
    books.recall("p2", sale_recalled("p2"))


def end(books: TillBooks) -> Path:
    books.database.script("pragma wal_checkpoint(truncate)")
    books.close()
    return books.database.path


def spoil(path: Path, page: int) -> None:
    """Pages count from 1."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(os.urandom(PAGE))


def a_page_of_sales(path: Path) -> int:
    """In the middle of the file: a leaf of the journal, which nothing of the shift's projections is in."""
    content = path.read_bytes()
    return content.index(b'"sale_id"', len(content) // 2) // PAGE + 1


def journal(books: TillBooks) -> dict[bytes, str]:
    """{event id: type} of everything in it, whichever incarnation it is in."""
    return {
        entry.event_id: entry.type
        for segment in books.segments()
        for entry in books.entries(segment.incarnation, 0, 100_000, 1 << 30)
    }


def opening(books: TillBooks) -> IncarnationOpened:
    entry = books.entries(books.segments()[-1].incarnation, 0, 1, 1 << 20)[0]
    fact = decode_body(entry.type, entry.schema, entry.body).fact
    assert isinstance(fact, IncarnationOpened)
    return fact


def aside(path: Path) -> list[Path]:
    return [
        file
        for file in path.parent.iterdir()
        if ".damaged-" in file.name and not file.name.endswith(("-wal", "-shm"))
    ]


def test_a_till_whose_database_lost_a_page_keeps_the_rest_and_sells_on(till: Open) -> None:
    books = till()
    a_day(books)
    before, total = journal(books), books.shift_totals("s1")
    path = end(books)
    spoil(path, a_page_of_sales(path))
    path.with_name("till.db.suspect").touch()
    again = till(2)
    after = journal(again)
    lost = before.keys() - after.keys()
    assert 0 < len(lost) < 20
    assert (len(aside(path)), opening(again).reason) == (1, "damaged")
    assert again.shift_totals("s1").gross_minor == total.gross_minor - 1190 * len(lost)
    assert [parked.sale_id for parked in again.parked()] == ["p1"]
    sell(again, 1)
    series = opening(again).series
    assert again.recent_sales(1)[0].sale.receipt_number == f"03-2-{series}-000001"
    assert verify(path, None, PUBLIC_KEY).faults == ()


@pytest.mark.parametrize("page", [1, 2])
def test_a_database_without_its_first_pages_is_put_aside_whatever_is_left(till: Open, page: int) -> None:
    books = till()
    a_day(books)
    head = books.segments()[-1]
    path = end(books)
    spoil(path, page)
    path.with_name("till.db.suspect").touch()
    again = till(2)
    fact = opening(again)
    assert (fact.reason, fact.parent, fact.seen_seq) == ("damaged", head.incarnation.hex(), head.head_seq)
    assert len(aside(path)) == 1
    sell(again, 1)
    assert verify(path, None, PUBLIC_KEY).faults == ()


def test_an_entry_that_was_altered_is_not_kept_as_if_it_were_good(till: Open) -> None:
    books = till()
    a_day(books, sales=10)
    altered = books.entries(books.segments()[0].incarnation, 3, 1, 1 << 20)[0].event_id
    path = end(books)
    with driver.connect(str(path)) as connection:
        connection.execute(
            "update entry set body = cast(replace(cast(body as text), '1190', '1090') as blob) where event_id = ?",
            (altered,),
        )
    connection.close()
    rescue.begin(path, "till.db.damaged-1")
    again = till(2)
    assert altered not in journal(again)
    assert (opening(again).parent_seq, opening(again).stamped_again) == (3, 11)


def test_a_whole_database_put_aside_by_hand_loses_nothing(till: Open) -> None:
    books = till()
    a_day(books)
    before, total = journal(books), books.shift_totals("s1")
    path = end(books)
    rescue.begin(path, "till.db.damaged-1")
    again = till(2)
    after = journal(again)
    assert after.items() >= before.items()
    assert len(after) == len(before) + 1
    assert again.shift_totals("s1").gross_minor == total.gross_minor
    assert again.unsent().entries == len(after)


def test_what_was_acknowledged_is_not_sent_again(till: Open) -> None:
    books = till()
    a_day(books)
    first = books.segments()[0]
    books.acknowledge(first.incarnation, 20, 10)
    path = end(books)
    rescue.begin(path, "till.db.damaged-1")
    again = till(2)
    assert [segment.acked for segment in again.segments()] == [20, 0]


def test_a_till_that_was_rescued_twice_keeps_both_lives_apart(till: Open) -> None:
    books = till()
    a_day(books, sales=5)
    path = end(books)
    rescue.begin(path, "till.db.damaged-1")
    again = till(2)
    sell(again, 3)
    end(again)
    rescue.begin(path, "till.db.damaged-2")
    last = till(3)
    sell(last, 1)
    assert [segment.head_seq for segment in last.segments()] == [10, 4, 2]
    assert verify(path, None, PUBLIC_KEY).faults == ()


@pytest.mark.parametrize("step", ["marker", "logs moved", "file moved", "new file made"])
def test_a_crash_while_the_file_is_put_aside_loses_nothing(till: Open, step: str) -> None:
    books = till()
    a_day(books, sales=8)
    before = journal(books)
    path = books.database.path
    shutil.copytree(path.parent, path.parent.with_name("as it was"))
    books.close()
    shutil.rmtree(path.parent)
    path.parent.with_name("as it was").rename(path.parent)
    rescue.begin(path, "till.db.damaged-7")
    target = path.with_name("till.db.damaged-7")
    if step != "marker":
        path.with_name("till.db-wal").rename(path.with_name("till.db.damaged-7-wal"))
    if step in ("file moved", "new file made"):
        path.rename(target)
    if step == "new file made":
        shutil.move(path.with_name("till.db.rescue"), path.with_name("kept"))
        driver.connect(str(path)).execute("pragma journal_mode=wal").connection.close()
        shutil.move(path.with_name("kept"), path.with_name("till.db.rescue"))
    again = till(2)
    assert journal(again).items() >= before.items()
    assert not path.with_name("till.db.rescue").exists()


def test_a_wrong_key_is_no_damage(till: Open) -> None:
    books = till(key=KEY)
    a_day(books, sales=3)
    path = end(books)
    for key in ("00" * 32, None):
        with pytest.raises(StorageFailed, match="Check the key"):
            till(2, key=key)
    assert aside(path) == []
    assert till(3, key=KEY).unsent().entries == 8


def test_an_encrypted_database_that_lost_a_page_is_rescued_too(till: Open) -> None:
    books = till(key=KEY)
    a_day(books)
    before = journal(books)
    path = end(books)
    spoil(path, path.stat().st_size // PAGE - 3)
    path.with_name("till.db.suspect").touch()
    again = till(2, key=KEY)
    assert opening(again).reason == "damaged"
    assert len(before.keys() - journal(again).keys()) < 20


def test_a_second_till_process_does_not_put_the_first_ones_database_aside(till: Open, tmp_path: Path) -> None:
    books = till()
    a_day(books, sales=3)
    rescue.begin(books.database.path, "till.db.damaged-1")
    with pytest.raises(Exception, match="already runs"):
        open_books(tmp_path, start=5)
    assert books.database.path.exists()


def test_damage_met_while_selling_is_looked_at_closely_at_the_next_start(till: Open) -> None:
    books = till()
    a_day(books)
    path = end(books)
    content = path.read_bytes()
    later = till(2)
    later.close()
    path.write_bytes(content)
    spoil(path, a_page_of_sales(path))
    selling = till(3)
    with pytest.raises(StorageFailed, match="Restart the till"):
        journal(selling)
    selling.close()
    assert opening(till(4)).reason == "damaged"


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b""), lambda path: path.unlink()])
def test_an_empty_or_missing_file_begins_a_journal_and_puts_nothing_aside(
    till: Open, harm: Callable[[Path], None]
) -> None:
    path = end(till())
    harm(path)
    again = till(2)
    sell(again, 1)
    assert aside(path) == []
