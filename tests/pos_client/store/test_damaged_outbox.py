"""Entries that can't be read any more: the shift closes all the same, and no receipt is taken for another."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pos_client.store.books import TillBooks
from shared_models.events import UnreadableFact
from tests.pos_client.store.made_up_shop import a_sale, open_books, shift_closed, shift_opened


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b'{"at_ms":1,"fact":' + b"[" * 100_000])
def test_a_damaged_entry_does_not_keep_the_shift_from_closing(tmp_path: Path, body: bytes) -> None:
    books = open_books(tmp_path)
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=False)
    [segment] = books.segments()
    books.acknowledge(segment.incarnation, 1, 0)
    last = "(select max(pos) from entry)"
    books.database.write(lambda db: db.execute(f"update entry set body = ? where pos = {last}", (body,)))
    waiting = books.unsent()
    assert (waiting.entries, waiting.oldest_at_ms) == (1, None)
    books.post(shift_closed(books))
    books.close()


DAMAGES = [
    b"",
    b"\xff\xff",
    b'{"at_ms":1,"fact":' + b"[" * 100_000,
    b'{"at_ms":1,"tz_min":0,"fact":{}}',
    b'{"at_ms":1%s}' % (b"0" * 30),
]


@pytest.mark.parametrize("body", DAMAGES)
def test_a_damaged_opening_does_not_keep_the_shift_from_closing(tmp_path: Path, body: bytes) -> None:
    books = open_books(tmp_path)
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=False)
    whole = books.shift_totals("s1")
    damage(books, "shift.opened", body)
    totals = books.shift_totals("s1")
    assert msgspec.structs.replace(totals, opened_at_ms=0) == msgspec.structs.replace(whole, opened_at_ms=0)
    books.close()
    books = open_books(tmp_path, start=1_000_000)
    shift = books.open_shift()
    assert shift is not None
    assert (shift.opened.shift_id, shift.opened.number, shift.opened.float_minor) == ("s1", 1, 15000)
    books.post(shift_closed(books))
    assert books.open_shift() is None
    books.close()


def test_a_shift_of_damaged_entries_only_still_closes(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    books.post(shift_opened())
    damage(books, "shift.opened", b"")
    assert books.shift_totals("s1").opened_at_ms == 0
    books.post(shift_closed(books))
    books.close()


def test_a_damaged_sale_is_left_out_of_the_list_and_never_taken_for_the_one_before(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    first = books.post_sale(a_sale(), open_drawer=False)
    books.post_sale(a_sale(sale_id="5a1f" * 8), open_drawer=False)
    damage(books, "sale.posted", b"\xff")
    assert [posted.seq for posted in books.recent_sales(3)] == [first.seq]
    with pytest.raises(UnreadableFact):
        books.last_sale()
    books.close()


def damage(books: TillBooks, kind: str, body: bytes) -> None:
    last = "(select max(pos) from entry where type = ?)"
    books.database.write(lambda db: db.execute(f"update entry set body = ? where pos = {last}", (body, kind)))
