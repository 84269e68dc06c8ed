"""An entry that can't be read any more, first among those that wait to be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

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
