"""The journal as a queue: what is unsent, and where the server's acknowledgement stands."""

from __future__ import annotations

import threading

from pos_client.store.books import TillBooks
from shared_models.events import decode_body
from shared_models.journal import body_hash
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import NOON_MS, a_sale, no_sale, shift_opened


def incarnation(books: TillBooks) -> bytes:
    return books.segments()[-1].incarnation


def test_what_is_unsent_is_counted_dated_and_valued(books: TillBooks) -> None:
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=False)
    second = books.post_sale(a_sale(lines=1), open_drawer=False)
    unsent = books.unsent()
    assert (unsent.entries, unsent.value_minor) == (3, 1190 + 238)
    assert unsent.oldest_at_ms is not None
    assert NOON_MS < unsent.oldest_at_ms < second.at.at_ms
    books.acknowledge(incarnation(books), 2, 0)
    assert books.unsent() == type(unsent)(1, second.at.at_ms, 238)
    books.acknowledge(incarnation(books), 3, 3)
    assert books.unsent() == type(unsent)(0, None, 0)


def test_the_cursor_goes_back_when_the_server_was_restored(till: Open) -> None:
    books = till()
    for _ in range(3):
        books.post_sale(a_sale(), open_drawer=False)
    books.acknowledge(incarnation(books), 3, 2)
    books.acknowledge(incarnation(books), 1, 1)
    assert books.unsent().entries == 2
    books.close()
    assert till(run=2).segments()[0].acked == 1


def test_no_acknowledgement_counts_past_the_end(books: TillBooks) -> None:
    books.post(no_sale())
    books.acknowledge(incarnation(books), 99, 99)
    assert books.segments()[0].acked == 1
    books.post(no_sale())
    assert books.unsent().entries == 1


def test_another_tills_acknowledgement_moves_nothing(books: TillBooks) -> None:
    books.post(no_sale())
    books.acknowledge(bytes(16), 1, 1)
    assert books.unsent().entries == 1


def test_entries_come_in_order_within_the_limits_and_at_least_one(books: TillBooks) -> None:
    for _ in range(5):
        books.post_sale(a_sale(), open_drawer=False)
    mine = incarnation(books)
    assert [entry.seq for entry in books.entries(mine, 0, 3, 1 << 20)] == [1, 2, 3]
    assert [entry.seq for entry in books.entries(mine, 3, 99, 1 << 20)] == [4, 5]
    size = len(books.entries(mine, 0, 1, 1 << 20)[0].body)
    assert [entry.seq for entry in books.entries(mine, 1, 99, 2 * size)] == [2, 3]
    assert [entry.seq for entry in books.entries(mine, 1, 99, 1)] == [2]
    assert books.entries(mine, 5, 99, 1) == []
    assert books.entries(bytes(16), 0, 99, 1 << 20) == ()


def test_an_entrys_hash_is_known_by_its_place(books: TillBooks) -> None:
    books.post(no_sale())
    mine = incarnation(books)
    assert books.entry_hash(mine, 1) == books.head()[1]
    assert books.entry_hash(mine, 2) is None
    assert books.entry_hash(bytes(16), 1) is None


def test_the_servers_clock_goes_into_the_entries_that_follow(books: TillBooks) -> None:
    books.post(no_sale())
    books.note_clock(-4200)
    books.post(no_sale())
    first, second = books.entries(incarnation(books), 0, 2, 1 << 20)
    assert decode_body(first.type, first.schema, first.body).clock_offset_ms is None
    recorded = decode_body(second.type, second.schema, second.body)
    assert (recorded.clock_offset_ms, recorded.boot_id) == (-4200, "boot-1")
    assert body_hash(second.type, second.schema, second.body) != body_hash(
        first.type, first.schema, first.body
    )


def test_the_sync_engine_reads_while_the_till_sells(books: TillBooks) -> None:
    """Every read sees whole sales only, and the cursor moves under the seller's feet."""
    done = threading.Event()
    seen: list[int] = []

    def sync() -> None:
        while not done.is_set():
            for segment in books.segments():
                entries = books.entries(segment.incarnation, segment.acked, 50, 1 << 20)
                seen.extend(entry.seq for entry in entries)
                if entries:
                    books.acknowledge(segment.incarnation, entries[-1].seq, 0)

    thread = threading.Thread(target=sync)
    thread.start()
    for _ in range(200):
        books.post_sale(a_sale(lines=1), open_drawer=True)
    while books.unsent().entries:
        pass
    done.set()
    thread.join()
    assert seen == list(range(1, 201))


def test_housekeeping_empties_the_log_into_the_file(books: TillBooks) -> None:
    posted = books.post_sale(a_sale(), open_drawer=False)
    path = books.database.path
    assert b"oat drink" not in path.read_bytes()
    books.checkpoint()
    assert b"oat drink" in path.read_bytes()
    assert books.last_sale() == posted
