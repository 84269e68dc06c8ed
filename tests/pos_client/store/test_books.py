"""What the till posts is in the journal, in the shift's figures and in the spool, together."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.receipt_document import ReceiptDocument, Text, decode_document
from pos_client.store.books import TillBooks
from pos_client.store.connection import LOG_BYTES
from pos_client.store.parked import NotParked
from pos_client.store.shifts import UnknownShift
from shared_models.cash import PAID_IN, PAID_OUT, SAFE_DROP, TaxTotal, TenderTotal
from shared_models.journal import Entry, faults
from shared_models.moment import Moment
from shared_models.sale import ReceiptReprinted, Tender
from shared_models.signing import verifier
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    parked_sale,
    receipt,
    sale_parked,
    sale_recalled,
    sale_voided,
    shift_closed,
    shift_opened,
)


def all_entries(books: TillBooks) -> list[Entry]:
    return [
        entry
        for segment in books.segments()
        for entry in books.entries(segment.incarnation, 0, 10_000, 1 << 30)
    ]


def test_a_posted_sale_has_the_number_that_the_screen_promised(books: TillBooks) -> None:
    promised = books.next_receipt_number()
    posted = books.post_sale(a_sale(), open_drawer=True)
    assert posted.sale.receipt_number == promised
    assert promised.startswith("03-2-")
    assert promised.endswith("-000001")
    assert books.next_receipt_number().endswith("-000002")


def test_a_sale_is_found_again_by_its_receipt_number(books: TillBooks) -> None:
    posted = books.post_sale(a_sale(), open_drawer=False)
    books.post_sale(a_sale(lines=1), open_drawer=False)
    assert books.sale(posted.sale.receipt_number) == posted
    assert books.sale("03-2-XXX-000001") is None
    assert [found.sale.total_minor for found in books.recent_sales()] == [238, 1190]
    assert books.last_sale() == books.recent_sales(1)[0]


def test_a_fresh_till_has_no_last_sale(books: TillBooks) -> None:
    assert books.last_sale() is None
    assert books.head()[0] == 0
    assert books.unsent().entries == 0
    assert books.segments() == ()


def test_receipt_and_drawer_pulse_are_queued_with_the_sale(books: TillBooks) -> None:
    posted = books.post_sale(a_sale(), open_drawer=True)
    assert [job.kind for job in books.jobs.having("queued")] == ["drawer", "print"]
    drawer, paper = books.jobs.claim("drawer"), books.jobs.claim("print")
    assert drawer is not None
    assert (drawer.state, drawer.note, drawer.payload) == ("sending", "sale", b"")
    assert paper is not None
    assert decode_document(paper.payload) == receipt(posted)
    assert books.jobs.claim("print") is None


def test_the_first_receipt_is_no_copy_however_late_it_is_printed(books: TillBooks) -> None:
    posted = books.post_sale(a_sale(), open_drawer=False)
    number = posted.sale.receipt_number
    document = ReceiptDocument((Text("COPY"),))
    reprint = ReceiptReprinted(sale_id="x", receipt_number=number, operator_id="op1", copy_number=1)
    books.post(reprint, document=document)
    first, second = books.jobs.claim("print"), books.jobs.claim("print")
    assert first is not None
    assert decode_document(first.payload) == receipt(posted)
    assert second is not None
    assert decode_document(second.payload) == document


def test_a_card_sale_opens_no_drawer(books: TillBooks) -> None:
    books.post_sale(a_sale(tenders=(Tender("card", 1190),)), open_drawer=False)
    assert [job.kind for job in books.jobs.having("queued")] == ["print"]


def test_the_spooler_is_woken_after_the_commit_and_only_for_work(books: TillBooks) -> None:
    woken: list[int] = []
    books.on_jobs = lambda: woken.append(len(books.jobs.having("queued")))
    books.post_sale(a_sale(), open_drawer=True)
    books.post(shift_opened())
    assert woken == [2]


def test_facts_posted_together_stand_in_order_and_verify(books: TillBooks) -> None:
    assert books.post(shift_opened(), no_sale(), drawer_reason="change") == (1, 2)
    books.post_sale(a_sale(), open_drawer=True)
    entries = all_entries(books)
    assert [entry.type for entry in entries] == ["shift.opened", "drawer.opened", "sale.posted"]
    assert list(faults(entries, verifier(PUBLIC_KEY))) == []
    assert books.head() == (3, entries[-1].hash)


def test_a_document_posted_with_a_fact_is_queued_with_its_note(books: TillBooks) -> None:
    document = ReceiptDocument((Text("X report"),))
    books.post(no_sale(), document=document, note="X report")
    (job,) = books.jobs.having("queued")
    assert (decode_document(job.payload), job.note) == (document, "X report")


def test_a_look_at_the_figures_is_printed_and_leaves_no_entry(books: TillBooks) -> None:
    books.post(shift_opened())
    before = books.head()
    document = ReceiptDocument((Text("X report"),))
    assert books.post(document=document) == ()
    assert books.head() == before
    job = books.jobs.claim("print")
    assert job is not None
    assert decode_document(job.payload) == document


def test_numbers_go_on_after_a_restart(till: Open) -> None:
    books = till()
    first = books.post_sale(a_sale(), open_drawer=False)
    books.close()
    again = till(run=2)
    second = again.post_sale(a_sale(), open_drawer=False)
    assert second.seq == first.seq + 1
    assert second.sale.receipt_number[:-1] == first.sale.receipt_number[:-1]
    assert list(faults(all_entries(again), verifier(PUBLIC_KEY))) == []


def test_an_x_report_adds_up_the_shift(books: TillBooks) -> None:
    books.post(shift_opened())
    first = books.post_sale(a_sale(), open_drawer=True)
    card = a_sale(
        lines=1, tenders=(Tender("card", 100), Tender("cash", 140)), cash_rounding_minor=2, change_minor=0
    )
    last = books.post_sale(card, open_drawer=True)
    books.post_sale(a_sale(shift_id="another"), open_drawer=True)
    books.post(cash_moved(PAID_IN, 500))
    books.post(cash_moved(PAID_OUT, 200), cash_moved(SAFE_DROP, 1000))
    books.post(no_sale(), drawer_reason="change")
    books.post(sale_voided())
    totals = books.shift_totals("s1")
    assert (totals.sale_count, totals.line_count) == (2, 6)
    assert (totals.net_minor, totals.tax_minor, totals.gross_minor) == (1200, 228, 1428)
    assert totals.taxes == (TaxTotal("vat", "VAT", 190_000, 1200, 228),)
    assert totals.tenders == (TenderTotal("card", 1, 100), TenderTotal("cash", 2, 1190 + 140))
    assert totals.cash_rounding_minor == 2
    assert totals.expected_minor == 15000 + 1190 + 140 + 500 - 200 - 1000
    assert (totals.no_sale_count, totals.voided_sale_count) == (1, 1)
    assert (totals.first_seq, totals.last_seq) == (1, 9)
    assert (totals.first_receipt, totals.last_receipt) == (
        first.sale.receipt_number,
        last.sale.receipt_number,
    )
    assert totals.grand_total_minor == 1428 + 1190


def test_a_shift_that_never_was_is_named(books: TillBooks) -> None:
    with pytest.raises(UnknownShift, match="Open a shift"):
        books.shift_totals("nope")


def test_a_closed_shift_keeps_its_figures_and_the_next_starts_at_nothing(books: TillBooks) -> None:
    assert books.previous_closing_hash() == ""
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=True)
    closed = shift_closed(books)
    books.post(closed, document=ReceiptDocument((Text("Z"),)))
    books.post_sale(a_sale(), open_drawer=True)
    assert books.open_shift() is None
    assert books.shift_totals("s1") == closed.totals
    assert books.next_shift_number() == 2
    assert books.previous_closing_hash() == all_entries(books)[2].hash.hex()
    books.post(shift_opened("s2", 2))
    assert books.shift_totals("s2").sale_count == 0
    assert books.shift_totals("s2").grand_total_minor == 2 * 1190


def test_a_half_done_count_survives_a_restart_until_the_shift_closes(till: Open) -> None:
    books = till()
    books.post(shift_opened())
    books.save_count(b"12 tens")
    books.close()
    again = till(run=2)
    shift = again.open_shift()
    assert shift is not None
    assert (shift.opened, shift.saved_count) == (shift_opened(), b"12 tens")
    assert shift.opened_at == Moment(shift.opened_at.at_ms, 60)


def test_wrong_pins_are_counted_over_a_restart(till: Open) -> None:
    books = till()
    assert books.wrong_pins.get() == 0
    books.wrong_pins.keep(4)
    books.close()
    assert till(run=2).wrong_pins.get() == 4


def test_a_parked_ticket_is_in_one_place_only(books: TillBooks) -> None:
    books.park(parked_sale(), sale_parked())
    assert books.parked() == (parked_sale(),)
    assert books.recall("p1", sale_recalled()) == parked_sale()
    assert books.parked() == ()
    with pytest.raises(NotParked):
        books.recall("p1", sale_recalled())
    assert [entry.type for entry in all_entries(books)] == ["sale.parked", "sale.recalled"]


def test_the_ticket_in_progress_survives_a_restart(till: Open) -> None:
    books = till()
    books.save_cart(b"two apples")
    books.close()
    assert till(run=2).saved_cart() == b"two apples"


def test_a_long_ticket_survives_a_restart_after_every_change(till: Open) -> None:
    body = b"".join(b"line %05d;" % number for number in range(500))
    last = body[:-11] + b"line 00500;"
    for run, changed in enumerate(
        (body, body + b"one more", b"gone;" + body, last, body[:950], b"", body), 1
    ):
        books = till(run=run)
        books.save_cart(changed)
        books.close()
        books = till(run=run)
        assert books.saved_cart() == changed
        books.save_cart(body[:1900])
        books.close()


def test_a_scan_into_a_long_ticket_writes_only_its_end(books: TillBooks) -> None:
    body = b"".join(b"line %05d;" % number for number in range(500))
    books.save_cart(body)
    with books.database.read() as connection:
        before = connection.execute("select name, body from scratch").fetchall()
    books.save_cart(body + b"one more;")
    with books.database.read() as connection:
        after = connection.execute("select name, body from scratch").fetchall()
    assert len(before) > 5
    assert len(set(after) - set(before)) == 1


def test_the_end_of_a_sold_ticket_does_not_stick_to_the_next(till: Open) -> None:
    books = till()
    books.save_cart(b"one long ticket" * 300)
    books.post_sale(a_sale(), open_drawer=False)
    books.save_cart(b"two apples")
    books.close()
    books = till(run=2)
    assert books.saved_cart() == b"two apples"


def test_a_ticket_that_an_older_till_saved_in_one_piece_comes_back(till: Open) -> None:
    older = b"one long ticket" * 300
    books = till()
    books.database.write(
        lambda connection: connection.execute("insert into scratch values ('cart', ?)", (older,))
    )
    books.close()
    books = till(run=2)
    assert books.saved_cart() == older
    books.save_cart(older + b" and more")
    books.close()
    assert till(run=3).saved_cart() == older + b" and more"


@pytest.mark.parametrize("ending", ["sale", "park", "void"])
def test_a_finished_ticket_never_comes_back(till: Open, ending: str) -> None:
    books = till()
    books.save_cart(b"two apples")
    if ending == "sale":
        books.post_sale(a_sale(), open_drawer=False)
    elif ending == "park":
        books.park(parked_sale(), sale_parked())
    else:
        books.post(sale_voided())
    assert books.saved_cart() == b""
    books.close()
    assert till(run=2).saved_cart() == b""


def test_reprints_are_counted(books: TillBooks) -> None:
    number = books.post_sale(a_sale(), open_drawer=False).sale.receipt_number
    books.post(ReceiptReprinted(sale_id="x", receipt_number=number, operator_id="op1", copy_number=1))
    found = books.sale(number)
    assert found is not None
    assert found.copies == 1


def test_a_sale_must_be_posted_as_a_sale(books: TillBooks) -> None:
    with pytest.raises(AssertionError):
        books.post(a_sale())
    assert all_entries(books) == []


def test_the_drawer_opens_before_any_paper_moves(books: TillBooks) -> None:
    books.post_sale(a_sale(), open_drawer=False)
    books.post_sale(a_sale(), open_drawer=True)
    claimed = [books.jobs.claim() for _ in range(4)]
    assert [job.kind if job else None for job in claimed] == ["drawer", "print", "print", None]


def test_a_till_that_opens_has_room_for_a_days_commits_in_its_log(tmp_path: Path) -> None:
    books = open_books(tmp_path, log_bytes=LOG_BYTES)
    try:
        assert (tmp_path / "books" / "till.db-wal").stat().st_size > LOG_BYTES // 2
        with books.database.read() as connection:
            assert connection.execute("select name from sqlite_master where name = 'spill'").fetchall() == []
    finally:
        books.close()
