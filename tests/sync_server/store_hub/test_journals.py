"""What a hub makes of the central server's word on a journal: it goes on from there, or has the till send anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs
from sqlalchemy import Connection, insert, select

from shared_models import wire
from shared_models.journal import START
from shared_models.signing import public_key_of
from shared_models.sync_api import Push, PushReply
from sync_server.database import Database
from sync_server.exceptions.service import ExceptionService
from sync_server.hubs.tables import relayed
from sync_server.ingest import log
from sync_server.ingest.chain import stamped
from sync_server.ingest.tables import ingest_log, quarantine
from sync_server.store_hub import journals
from sync_server.store_hub.journals import HubAdmission
from sync_server.sync_messages import TillIdentity
from tests.sync_server.a_till import ATill
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import a_line, a_sale

WHO = TillIdentity("device-0001", "03-1", "03")
MOST, MOST_BYTES = 512, 1 << 20


class AHubsBooks:
    """The hub's side of one till's journal, in one open transaction."""

    def __init__(self, tx: Connection, clock: Clock) -> None:
        self.tx = tx
        self.till = a_till_that_sold(8)
        self.id = self.till.incarnation
        exceptions = ExceptionService(clock)
        self._admission = HubAdmission(exceptions, lambda tx, device: b"", lambda tx, store: True, clock)

    def take(self, first_seq: int, last_seq: int) -> PushReply:
        return self.take_push(self.till.batch(first_seq, last_seq))

    def take_push(self, push: Push) -> PushReply:
        return self._admission.admit(self.tx, WHO, public_key_of(self.till.key), stamped(push))

    def hear(
        self,
        high: int,
        digest: bytes | None = None,
        safe_through: int = 0,
        theirs: dict[int, bytes] | None = None,
    ) -> bool:
        own = self.till.entries[high - 1].hash if high else START
        word = own if digest is None else digest
        return journals.settle(self.tx, self.id, high, word, safe_through, theirs)

    def aside(self) -> list[Push]:
        frames = self.tx.scalars(select(quarantine.c.raw)).all()
        return sorted((wire.unpack(frame, Push) for frame in frames), key=lambda push: push.first_seq)

    def hashes(self, tx: Connection, *seqs: int) -> tuple[bytes, ...]:
        return self._admission.hashes(tx, WHO, self.id, seqs)

    @property
    def high(self) -> int:
        held = log.incarnation_of(self.tx, self.id)
        assert held is not None
        return held.high

    def next_push(self, most: int = MOST) -> Push | None:
        batch = journals.next_batch(self.tx, self.id, most, MOST_BYTES)
        return batch.push if batch else None

    def waiting(self) -> int:
        return journals.waiting(self.tx)[0]


def a_till_that_sold(sales: int) -> ATill:
    till = ATill(None, "")  # type: ignore[arg-type]
    for number in range(1, sales + 1):
        till.record(a_sale(number, a_line(1, "p1", 1, 99)))
    return till


@pytest.fixture
def books(sqlite_database: Database, clock: Clock) -> Iterator[AHubsBooks]:
    with sqlite_database.write() as tx:
        yield AHubsBooks(tx, clock)


def test_what_is_passed_on_is_the_tills_own_message(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(0)
    assert books.next_push() == books.till.batch(1, 8)
    assert books.next_push(most=3) == books.till.batch(1, 3)


def test_nothing_is_passed_on_before_the_central_server_was_asked(books: AHubsBooks) -> None:
    books.take(1, 8)
    assert books.next_push() is None
    assert journals.any_unasked(books.tx)
    assert books.waiting() == 8


def test_what_the_central_server_has_is_not_passed_on_again(books: AHubsBooks) -> None:
    books.take(1, 8)
    assert books.hear(5)
    assert books.next_push() == books.till.batch(6, 8)
    assert books.hear(8)
    assert (books.next_push(), books.waiting()) == (None, 0)


def test_a_journal_that_begins_in_its_middle_is_taken_and_chained_to_what_others_hold(
    books: AHubsBooks,
) -> None:
    assert books.take(6, 8).high == 8
    assert books.hear(5)
    assert books.next_push() == books.till.batch(6, 8)


def test_a_till_that_was_at_the_central_server_meanwhile_goes_on_here_from_there(books: AHubsBooks) -> None:
    books.take(1, 3)
    assert books.hear(6)
    assert books.high == 6
    assert books.take(7, 8).high == 8
    assert books.next_push() == books.till.batch(7, 8)


def test_where_entries_are_missing_between_the_till_is_told_to_send_them(books: AHubsBooks) -> None:
    books.take(6, 8)
    assert not books.hear(3)
    assert books.high == 3
    assert books.take(4, 8).high == 8
    assert books.hear(3)
    assert books.next_push() == books.till.batch(4, 8)
    assert len(books.tx.execute(select(ingest_log)).all()) == 5


def test_a_central_server_put_back_from_an_old_copy_gets_again_what_the_hub_has(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(8)
    assert books.hear(2)
    assert books.next_push() == books.till.batch(3, 8)


def test_a_central_server_put_back_before_what_the_till_brought_it_itself_gets_that_from_the_till(
    books: AHubsBooks,
) -> None:
    """What came by the hub before and after is here; what went past it is not."""
    books.take(1, 3)
    books.hear(3)
    books.hear(5)
    books.take(6, 8)
    assert books.hear(2)
    assert books.high == 3, "the till is told to bring the rest"
    assert books.next_push() == books.till.batch(3, 3)
    assert books.waiting() == 4
    assert books.take(4, 5).high == 8
    assert books.next_push() == books.till.batch(3, 8)


def test_a_central_server_that_lost_the_journal_gets_it_from_its_beginning(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(8)
    assert books.hear(0)
    assert books.next_push() == books.till.batch(1, 8)


def test_of_a_journal_that_parted_the_central_servers_word_holds(books: AHubsBooks) -> None:
    books.take(1, 8)
    assert not books.hear(4, b"x" * 32)
    held = log.incarnation_of(books.tx, books.id)
    assert held is not None
    assert (held.high, held.head_hash) == (4, b"x" * 32)
    assert books.next_push() is None


def test_a_central_server_that_is_further_by_another_way_has_not_what_lies_here(books: AHubsBooks) -> None:
    """Both branches of a till that was put back: the hub has one of them, the central server another."""
    books.take(1, 6)
    books.hear(4)
    assert journals.to_compare(books.tx, books.id, 8) == 6
    theirs = {6: b"other" * 6 + b".."}
    assert journals.to_search(books.tx, books.id, 8, b"x" * 32, theirs) == (1, 2, 3, 4, 5, 6)
    theirs |= {seq: books.till.entries[seq - 1].hash for seq in (1, 2, 3, 4)} | {5: b"another" * 4 + b"...."}
    assert not journals.settle(books.tx, books.id, 8, b"x" * 32, 0, theirs)
    assert books.high == 8
    assert log.hash_at(books.tx, books.id, 6) is None, "the till must not take it for the central server's"
    assert books.aside() == [books.till.batch(5, 5), books.till.batch(6, 6)], "each may be nowhere else"


def test_where_journals_part_the_hub_keeps_what_both_have(books: AHubsBooks) -> None:
    """The central server may be put back to before it had that."""
    books.take(1, 6)
    books.hear(4)
    theirs = {6: b"x" * 32} | {seq: books.till.entries[seq - 1].hash for seq in (1, 2, 3)}
    assert not books.hear(8, b"y" * 32, theirs=theirs)
    assert books.hear(1)
    assert books.next_push() == books.till.batch(2, 3)


def test_a_central_server_that_was_put_back_and_went_on_another_way_lacks_what_it_once_had(
    books: AHubsBooks,
) -> None:
    books.take(1, 6)
    books.hear(6)
    assert not books.hear(8, b"y" * 32, theirs={6: b"x" * 32, 4: books.till.entries[3].hash, 5: b"z" * 32})
    assert books.aside() == [books.till.batch(5, 5), books.till.batch(6, 6)]


def test_few_places_of_a_long_journal_are_asked_about(
    books: AHubsBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "MAX_PROBES", 3)
    books.take(1, 8)
    books.hear(0)
    assert journals.to_search(books.tx, books.id, 8, b"x" * 32, {}) == (2, 5, 8)


def test_what_came_while_the_central_server_was_asked_is_compared_the_next_time(books: AHubsBooks) -> None:
    books.take(1, 5)
    books.hear(4)
    books.take(6, 7)
    theirs = {5: books.till.entries[4].hash}
    assert not journals.settle(books.tx, books.id, 8, books.till.entries[7].hash, 0, theirs)
    assert books.high == 7
    assert books.next_push() == books.till.batch(5, 7)


def test_what_the_disk_altered_is_found_and_forgotten(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(2)
    books.tx.exec_driver_sql("update ingest_log set body = cast(body || ' ' as blob) where seq = 5")
    altered = books.next_push()
    assert altered is not None
    assert journals.spoilt_at(books.tx, altered) == 5
    journals.forget_from(books.tx, books.id, 5)
    assert books.high == 4
    assert books.next_push() == books.till.batch(3, 4)
    assert books.take(5, 8).high == 8
    assert books.next_push() == books.till.batch(3, 8)


def test_what_came_altered_is_the_tills_own_matter(books: AHubsBooks) -> None:
    books.till.entries[7] = structs.replace(books.till.entries[7], body=b"{}")
    books.take(1, 8)
    books.hear(7)
    altered = books.next_push()
    assert altered is not None
    assert journals.spoilt_at(books.tx, altered) is None


def test_what_was_brought_raw_is_not_passed_on_again(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(2)
    journals.passed_on_raw(books.tx, books.id, 3)
    assert books.next_push() == books.till.batch(4, 8)
    assert books.waiting() == 5


def test_a_central_server_put_back_gets_again_what_was_once_brought_raw(books: AHubsBooks) -> None:
    books.take(1, 8)
    books.hear(2)
    journals.passed_on_raw(books.tx, books.id, 3)
    books.hear(8)
    books.hear(2)
    assert books.next_push() == books.till.batch(3, 8)


def test_whose_journal_it_is_the_central_server_knows(books: AHubsBooks) -> None:
    stranger = TillIdentity("device-0002", "03-2", "03")
    books.tx.execute(
        insert(relayed).values(incarnation=b"j" * 16, device_id="device-0001", till_id="03-1", kept_raw=0)
    )
    journals.belongs_to(books.tx, b"j" * 16, stranger)
    row = books.tx.execute(select(relayed).where(relayed.c.incarnation == b"j" * 16)).one()
    assert (row.device_id, row.till_id) == ("device-0002", "03-2")
