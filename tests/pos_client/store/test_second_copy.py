"""A second copy of the journal on another volume: always soon there, never in the way, and enough to go on from."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from threading import Event

import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store.books import TillBooks
from pos_client.store.salvage import Salvage
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale
from tests.pos_client.store.test_rescue import a_day, aside, end, journal, opening, sell, spoil

KEY = "7d" * 32


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder / "evertill-journal-03-2.db"


def held(card: Path, key: str | None = None) -> set[bytes]:
    salvage = Salvage([card], key)
    found = {entry.event_id for life in salvage.lives() for entry in salvage.entries(life)}
    salvage.close()
    return found


def until(books: TillBooks, said: bool) -> None:
    end_s, pause = time.monotonic() + 30, Event()
    while bool(books.trouble()) != said:
        assert time.monotonic() < end_s
        pause.wait(0.02)


def until_copied(books: TillBooks, card: Path, key: str | None = None) -> None:
    end_s, pause = time.monotonic() + 30, Event()
    while held(card, key) != set(journal(books)):
        assert time.monotonic() < end_s
        pause.wait(0.02)


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_every_entry_is_soon_on_the_card_while_the_till_sells(
    till: Open, card: Path, key: str | None
) -> None:
    books = till(second_copy=card, key=key)
    a_day(books, sales=20)
    until_copied(books, card, key)
    assert books.trouble() == ""
    if key:
        with pytest.raises(driver.DatabaseError):
            driver.connect(str(card)).execute("select count(*) from entry")


def test_a_card_put_in_later_gets_everything_from_before(till: Open, card: Path) -> None:
    books = till()
    a_day(books, sales=15)
    books.close()
    until_copied(till(2, second_copy=card), card)


@pytest.mark.expects_log
def test_selling_goes_on_without_the_card_and_it_catches_up(till: Open, card: Path) -> None:
    away = card.parent.with_name("pocket")
    card.parent.rename(away)
    books = till(second_copy=card)
    a_day(books, sales=5)
    until(books, said=True)
    assert "Check that card or disk" in books.trouble()
    away.rename(card.parent)
    sell(books, 1)
    until_copied(books, card)
    until(books, said=False)


def test_a_till_without_its_database_is_made_again_from_the_card(till: Open, card: Path) -> None:
    books = till(second_copy=card)
    a_day(books, sales=20)
    before, total = journal(books), books.shift_totals("s1")
    path = end(books)
    path.unlink()
    again = till(2, second_copy=card)
    assert journal(again).items() >= before.items()
    assert again.shift_totals("s1").gross_minor == total.gross_minor
    assert opening(again).reason == "damaged"
    assert "made again from the copy" in again.trouble()
    sell(again, 1)
    assert verify(path, None, PUBLIC_KEY).faults == ()


def test_what_a_damaged_database_lost_comes_back_from_the_card(till: Open, card: Path) -> None:
    books = till(second_copy=card)
    a_day(books, sales=60)
    before = journal(books)
    path = end(books)
    for page in range(4, path.stat().st_size // 4096):
        spoil(path, page)
    path.with_name("till.db.suspect").touch()
    again = till(2, second_copy=card)
    assert len(aside(path)) == 1
    assert journal(again).items() >= before.items()
    until_copied(again, card)


def test_a_card_of_an_older_day_fills_no_gap_with_lies(till: Open, card: Path) -> None:
    books = till(second_copy=card)
    a_day(books, sales=10)
    books.close()
    old = card.with_name("old.db")
    shutil.copy(card, old)
    later = till(2, second_copy=card)
    later.post_sale(a_sale(sale_id="7" * 32), open_drawer=False)
    before = journal(later)
    path = end(later)
    path.unlink()
    shutil.move(old, card)
    again = till(3, second_copy=card)
    assert len(before.keys() - journal(again).keys()) == 1
    fact = opening(again)
    assert (fact.parent_seq, fact.seen_seq) == (15, 16)


def test_an_entry_that_was_stamped_again_leaves_its_old_place_on_the_card(till: Open, card: Path) -> None:
    books = till(second_copy=card)
    a_day(books, sales=10)
    first = books.segments()[0].incarnation
    until_copied(books, card)
    books.reincarnate(first, 8, "diverged")
    sell(books, 1)
    until_copied(books, card)
    path = end(books)
    path.unlink()
    again = till(2, second_copy=card)
    assert [segment.head_seq for segment in again.segments()] == [8, 9, 1]
    assert verify(path, None, PUBLIC_KEY).faults == ()
