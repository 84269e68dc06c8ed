"""Leaving an incarnation where the server knows another story: every sale stays, once, under a new stamp."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pos_client.journal_check import CheckReport, verify
from pos_client.store.anchor import AnchorFile
from pos_client.store.books import TillBooks
from pos_client.store.segments import Here
from shared_models.cash import PAID_OUT
from shared_models.continuity import IncarnationOpened
from shared_models.events import decode_body
from shared_models.journal import Entry, first_prev
from shared_models.signing import new_private_key, public_key_of, signer
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import (
    PRIVATE_KEY,
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    sale_voided,
    shift_closed,
    shift_opened,
)

HERE = Here(PUBLIC_KEY, "machine-1")


def a_day(books: TillBooks) -> None:
    """Eight entries: an opening, then five sales among cash movements."""
    books.post(shift_opened())
    books.post_sale(a_sale(lines=1), open_drawer=True)
    books.post_sale(a_sale(lines=2), open_drawer=False)
    books.post(cash_moved(PAID_OUT, 500))
    books.post_sale(a_sale(lines=3), open_drawer=False)
    books.post(no_sale(), drawer_reason="change")
    books.post_sale(a_sale(lines=4), open_drawer=False)
    books.post(sale_voided())


def all_entries(books: TillBooks) -> list[Entry]:
    return [entry for one in books.segments() for entry in books.entries(one.incarnation, 0, 10_000, 1 << 30)]


def checked(books: TillBooks, folder: Path) -> CheckReport:
    anchor = AnchorFile(folder / "elsewhere" / "anchor.json").read()
    return verify(books.database.path, None, PUBLIC_KEY, anchor)


@pytest.mark.parametrize("common", [0, 1, 3, 5, 8])
def test_what_came_after_the_common_entry_is_stamped_again_and_nothing_else_changes(
    books: TillBooks, tmp_path: Path, common: int
) -> None:
    a_day(books)
    before, (old,) = all_entries(books), books.segments()
    receipts = [posted.sale for posted in books.recent_sales()]
    totals = books.shift_totals("s1")
    books.acknowledge(old.incarnation, 8, 8)

    books.reincarnate(old.incarnation, common, "diverged")

    after, current = all_entries(books), books.segments()[-1]
    opened = after.pop(common)
    fact = decode_body(opened.type, opened.schema, opened.body).fact
    assert isinstance(fact, IncarnationOpened)
    assert (fact.parent, fact.parent_seq, fact.stamped_again) == (old.incarnation.hex(), common, 8 - common)
    assert (fact.reason, fact.seen_seq) == ("diverged", fact.seen_seq)
    assert opened.prev == first_prev(
        old.incarnation, common, before[common - 1].hash if common else bytes(32)
    )
    assert [(one.event_id, one.body) for one in after] == [(one.event_id, one.body) for one in before]
    assert after[:common] == before[:common]
    assert [one.seq for one in after[common:]] == list(range(2, 10 - common))
    assert current.head_seq == 9 - common
    assert [posted.sale for posted in books.recent_sales()] == receipts
    again = books.shift_totals("s1")
    assert (again.expected_minor, again.tenders, again.taxes) == (
        totals.expected_minor,
        totals.tenders,
        totals.taxes,
    )
    assert (again.no_sale_count, again.voided_sale_count) == (1, 1)
    assert again.grand_total_minor == totals.grand_total_minor
    assert books.unsent().entries == 9 - common
    report = checked(books, tmp_path)
    assert (report.faults, report.entries, report.sales) == ((), 9, 4)


def test_the_next_receipt_begins_the_new_series_and_the_old_ones_keep_theirs(books: TillBooks) -> None:
    a_day(books)
    (old,) = books.segments()
    promised = books.next_receipt_number()
    books.reincarnate(old.incarnation, 2, "restored")
    first = books.post_sale(a_sale(), open_drawer=False).sale.receipt_number
    second = books.post_sale(a_sale(), open_drawer=False).sale.receipt_number
    assert first.endswith("-000001")
    assert second.endswith("-000002")
    assert promised.split("-")[2] != first.split("-")[2]
    numbers = [posted.sale.receipt_number for posted in books.recent_sales()]
    assert len(set(numbers)) == len(numbers) == 6


def test_a_shift_closes_to_the_cent_after_its_entries_moved(books: TillBooks, tmp_path: Path) -> None:
    a_day(books)
    expected = books.shift_totals("s1").expected_minor
    (old,) = books.segments()
    books.reincarnate(old.incarnation, 0, "diverged")
    books.post_sale(a_sale(lines=1), open_drawer=False)
    closing = shift_closed(books)
    assert closing.totals.expected_minor == expected + 238
    assert closing.totals.sale_count == 5
    books.post(closing)
    assert books.open_shift() is None
    assert checked(books, tmp_path).faults == ()


def test_entries_of_an_earlier_incarnation_follow_the_newest_and_the_open_shift_still_has_them(
    till: Open, tmp_path: Path
) -> None:
    books = till()
    a_day(books)
    (first,) = books.segments()
    books.reincarnate(first.incarnation, 8, "restored")
    books.post_sale(a_sale(lines=5), open_drawer=False)
    before = books.shift_totals("s1")

    books.reincarnate(first.incarnation, 0, "diverged")

    after = books.shift_totals("s1")
    assert (after.expected_minor, after.sale_count) == (before.expected_minor, before.sale_count)
    assert after.grand_total_minor == before.grand_total_minor
    assert [state.head_seq for state in books.segments()] == [10]
    assert checked(books, tmp_path).faults == ()
    books.post(shift_closed(books))
    books.close()
    again = till(run=2)
    assert again.shift_totals("s1").sale_count == before.sale_count
    assert again.next_shift_number() == 2


def test_a_receipt_that_waits_for_the_printer_is_printed_from_its_new_place(books: TillBooks) -> None:
    a_day(books)
    (old,) = books.segments()
    books.reincarnate(old.incarnation, 0, "diverged")
    printed = []
    while (job := books.jobs.claim("print")) is not None:
        printed.append(job.payload)
        books.jobs.done(job.id)
    assert len(printed) == 4
    assert all(b"03-2-" in payload for payload in printed)


def test_an_incarnation_that_this_till_never_had_is_left_alone(books: TillBooks) -> None:
    a_day(books)
    before = all_entries(books)
    books.reincarnate(b"x" * 16, 3, "diverged")
    assert all_entries(books) == before


@pytest.mark.expects_log
def test_a_till_enrolled_again_leaves_what_the_old_key_sealed_as_it_is(till: Open, tmp_path: Path) -> None:
    books = till(here=HERE)
    a_day(books)
    before = all_entries(books)
    books.close()
    key = new_private_key()
    books = till(run=2, here=Here(public_key_of(key), "machine-1"), sign=signer(key))
    books.post_sale(a_sale(), open_drawer=False)
    old, new = books.segments()
    assert all_entries(books)[:8] == before
    assert (old.head_seq, new.head_seq) == (8, 2)
    assert told(books).reason == "new_key"
    books.close()
    report = verify(books.database.path, None, public_key_of(key))
    assert report.faults == ()


@pytest.mark.expects_log
def test_a_disk_in_another_machine_begins_a_new_series(till: Open) -> None:
    books = till(here=HERE)
    a_day(books)
    books.close()
    books = till(run=2, here=Here(PUBLIC_KEY, "machine-2"))
    assert told(books).reason == "new_machine"
    books.close()
    books = till(run=3, here=Here(PUBLIC_KEY, "machine-2"))
    assert len(books.segments()) == 2, "it goes on there at the next start"


def told(books: TillBooks) -> IncarnationOpened:
    """Why the current incarnation began."""
    (first, *_) = books.entries(books.segments()[-1].incarnation, 0, 1, 1 << 20)
    fact = decode_body(first.type, first.schema, first.body).fact
    assert isinstance(fact, IncarnationOpened)
    return fact


def test_an_older_versions_database_goes_on_and_learns_its_key(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    a_day(books)
    books.close()
    shutil.copy(tmp_path / "books" / "till.db", tmp_path / "kept.db")
    books = open_books(tmp_path, start=2_000_000, here=HERE)
    assert len(books.segments()) == 1
    books.close()
    books = open_books(tmp_path, start=3_000_000, here=HERE, sign=signer(PRIVATE_KEY))
    assert len(books.segments()) == 1
    with books.database.read() as connection:
        assert connection.execute("select public_key from segment").fetchone()[0] == PUBLIC_KEY
    books.close()
