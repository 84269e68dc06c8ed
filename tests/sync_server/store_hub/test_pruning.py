"""A hub's disk holds what is on its way, and not the store's whole past."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs
from sqlalchemy import Table, func, insert, select

from shared_models.journal import START
from sync_server.database import Database
from sync_server.hubs.tables import relayed
from sync_server.ingest import log
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine
from sync_server.store_hub import journals, pruning
from sync_server.store_hub.pruning import KEEP_FRAMES_MS
from tests.sync_server.conftest import Clock
from tests.sync_server.store_hub.test_forwarding import Fragile, forwarder
from tests.sync_server.store_hub.test_journals import AHubsBooks


@pytest.fixture
def books(sqlite_database: Database, clock: Clock) -> Iterator[AHubsBooks]:
    with sqlite_database.write() as tx:
        yield AHubsBooks(tx, clock)


def rows(books: AHubsBooks, table: Table) -> int:
    return books.tx.scalar(select(func.count()).select_from(table)) or 0


def test_what_a_proved_backup_of_the_central_server_has_is_forgotten_and_the_rest_kept(
    books: AHubsBooks,
) -> None:
    books.take(1, 8)
    books.hear(7, safe_through=5)
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 3
    assert books.next_push() == books.till.batch(8, 8)
    assert books.high == 8


def test_nothing_is_forgotten_only_because_the_central_server_has_it(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(8)
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 8


def test_a_central_server_put_back_to_that_backup_gets_everything_after_it(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(8, safe_through=5)
    pruning.prune(books.tx, now_ms=0)
    assert books.hear(5)
    assert books.next_push() == books.till.batch(6, 8)


def test_a_till_goes_on_where_everything_before_was_forgotten(books: AHubsBooks) -> None:
    books.take(1, 5)
    books.hear(5, safe_through=5)
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 0
    assert books.hashes(books.tx, 4, 5) == (b"", books.till.entries[4].hash)
    assert books.take(4, 8).high == 8
    assert books.next_push() == books.till.batch(6, 8)


def test_a_fact_that_was_stamped_again_is_kept_as_long_as_either_stamp_needs_it(books: AHubsBooks) -> None:
    books.take(1, 3)
    books.hear(3, safe_through=3)
    again = structs.replace(
        books.till.batch(3, 3), incarnation=b"a later life....", first_seq=1, prev=START, parent=None
    )
    books.take_push(again)
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 1


def test_what_no_journal_needs_any_more_goes_too(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(4, b"x" * 32)
    assert rows(books, quarantine) == 8, "each in a frame of its own"
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 0


def test_frames_that_were_passed_on_go_after_a_month_and_no_others(books: AHubsBooks) -> None:
    frame = {
        "raw": b"frame",
        "reason": "raw",
        "detail": "",
        "attempts": 0,
        "till_id": "03-1",
        "store_id": "03",
    }
    for name, resolved_at_ms in (("long ago", 1_000), ("lately", 2_000), ("open", None)):
        one = {"quarantine_id": name, "device_id": "d", "at_ms": 0, "resolved_by": ""}
        books.tx.execute(insert(quarantine).values(frame | one | {"resolved_at_ms": resolved_at_ms}))
    pruning.prune(books.tx, now_ms=1_500 + KEEP_FRAMES_MS)
    assert set(books.tx.scalars(select(quarantine.c.quarantine_id))) == {"lately", "open"}


def test_a_hub_that_was_never_pruned_gets_there_in_portions(
    books: AHubsBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_AT_ONCE", 3)
    books.take(1, 8)
    books.hear(8, safe_through=8)
    left = []
    for _ in range(4):
        pruning.prune(books.tx, now_ms=0)
        left.append(rows(books, ingest_log))
    assert left == [5, 2, 0, 0]
    assert rows(books, ingest_pos) == 1, "the last hash, on which the next entry follows"


def test_a_hub_forgets_when_it_has_greeted_the_central_server(
    sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as tx:
        books = AHubsBooks(tx, clock)
        books.take(1, 8)
        books.hear(8, safe_through=8)
        tx.execute(relayed.delete())
    hub = forwarder(sqlite_database, Fragile(books, deadly_seq=0), clock, lambda: 0)
    hub.greet()
    with sqlite_database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_log)) == 0
        stands = log.incarnation_of(tx, books.id)
        assert stands is not None
        assert stands.high == 8
        assert journals.waiting(tx) == (0, None)


def test_what_nobody_compared_with_the_central_servers_branch_is_not_forgotten(books: AHubsBooks) -> None:
    books.take(1, 3)
    books.hear(7, b"another branch".ljust(32), safe_through=7)
    pruning.prune(books.tx, now_ms=0)
    assert rows(books, ingest_log) == 3
