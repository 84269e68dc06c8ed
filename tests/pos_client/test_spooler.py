"""Paper and drawer follow the sale: once, in order, and without the till waiting for either."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.drawers.base import NotPulsed, Pulsed, PulseOutcome, PulseUncertain
from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.receipt_document import ReceiptDocument
from hardware.status import PrinterStatus
from pos_client.spooler import Spooler, SpoolerStatus
from pos_client.store.books import TillBooks
from pos_client.store.jobs import Kind
from pos_client.till.errors import StorageFull
from shared_models.sale import ReceiptReprinted
from tests.pos_client.store.made_up_shop import a_sale, open_books, receipt, shift_closed, shift_opened

WAIT_S = 10


class ScriptedPrinter:
    """Answers with the outcomes it was given, then prints everything."""

    name = "scripted"
    place = "on the desk"

    def __init__(self) -> None:
        self.outcomes: list[PrintOutcome] = []
        self.printed: list[ReceiptDocument] = []
        self.attempts = 0
        self.gate = threading.Event()
        self.gate.set()

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        assert self.gate.wait(WAIT_S)
        self.attempts += 1
        outcome = self.outcomes.pop(0) if self.outcomes else Printed()
        if isinstance(outcome, Printed):
            self.printed.append(document)
        return outcome

    def status(self) -> PrinterStatus:
        raise AssertionError("the spooler learns from outcomes")


class ScriptedDrawer:
    name = "scripted"

    def __init__(self) -> None:
        self.outcome: PulseOutcome = Pulsed()
        self.pulses = 0
        self.watch: Callable[[], None] = lambda: None

    def open(self, about_to_send: Callable[[], None]) -> PulseOutcome:
        self.pulses += 1
        self.watch()
        if not isinstance(self.outcome, NotPulsed):
            about_to_send()
        self.watch()
        return self.outcome


class Counter:
    """Books with a spooler on scripted devices."""

    def __init__(self, folder: Path, printer: ScriptedPrinter | None = None) -> None:
        self.books: TillBooks = open_books(folder)
        self.printer = printer or ScriptedPrinter()
        self.drawer = ScriptedDrawer()
        self.reports: queue.Queue[SpoolerStatus] = queue.Queue()
        self.quiet = threading.Semaphore(0)
        self.spooler = Spooler(
            self.books.jobs, self.printer, self.drawer, self.reports.put, self.quiet.release, (0.001,)
        )
        self.books.on_jobs = self.spooler.wake

    def report(self) -> SpoolerStatus:
        return self.reports.get(timeout=WAIT_S)

    def until_quiet(self) -> None:
        assert self.quiet.acquire(timeout=WAIT_S)

    def close(self) -> None:
        self.printer.gate.set()
        self.spooler.stop()
        self.books.close()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def test_a_cash_sale_opens_the_drawer_once_and_prints_once(counter: Counter) -> None:
    counter.spooler.start()
    posted = counter.books.post_sale(a_sale(), open_drawer=True)
    assert counter.report() == SpoolerStatus(True)
    counter.until_quiet()
    assert (counter.drawer.pulses, counter.printer.printed) == (1, [receipt(posted)])
    assert [job.state for job in counter.books.jobs.having("done")] == ["done", "done"]


def test_the_sale_never_waits_for_the_printer(counter: Counter) -> None:
    counter.printer.gate.clear()
    counter.spooler.start()
    numbers = [counter.books.post_sale(a_sale(), open_drawer=False).seq for _ in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    assert counter.printer.printed == []
    counter.printer.gate.set()
    for _ in numbers:
        assert counter.report().ok
    assert len(counter.printer.printed) == 5


def test_a_receipt_that_never_left_is_tried_until_it_prints(counter: Counter) -> None:
    counter.printer.outcomes = [NotSent("Put paper in."), NotSent("Put paper in.")]
    counter.spooler.start()
    counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report() == SpoolerStatus(False, "Put paper in.", waiting=1)
    assert counter.report() == SpoolerStatus(False, "Put paper in.", waiting=1)
    assert counter.report() == SpoolerStatus(True)
    assert (counter.printer.attempts, len(counter.printer.printed)) == (3, 1)


def test_a_receipt_that_came_out_elsewhere_says_where(counter: Counter) -> None:
    counter.printer.outcomes = [Printed(note="The receipt is at Second printer.")]
    counter.spooler.start()
    counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report() == SpoolerStatus(True, "The receipt is at Second printer.")
    counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report() == SpoolerStatus(True)


def test_a_receipt_that_may_be_on_paper_is_left_for_a_person(counter: Counter) -> None:
    counter.printer.outcomes = [Uncertain("Look at the printer.")]
    counter.spooler.start()
    counter.books.post_sale(a_sale(), open_drawer=False)
    number = (counter.books.recent_sales(1)[0].sale.receipt_number,)
    assert counter.report() == SpoolerStatus(False, "Look at the printer.", 0, 1, number)
    second = counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report() == SpoolerStatus(True, "", 0, 1, number)
    assert counter.printer.printed == [receipt(second)]
    (left,) = counter.books.jobs.having("uncertain")
    counter.books.jobs.cancel(left.id)
    assert counter.books.jobs.having("uncertain") == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(NotPulsed("Use the key."), "cancelled"), (PulseUncertain("Use the key."), "uncertain")],
)
def test_a_drawer_that_did_not_open_is_never_pulsed_later(
    counter: Counter, outcome: PulseOutcome, state: str
) -> None:
    counter.drawer.outcome = outcome
    counter.spooler.start()
    counter.books.post_sale(a_sale(), open_drawer=True)
    assert counter.report().message == "Use the key."
    assert counter.report().ok
    assert counter.drawer.pulses == 1
    assert [job.kind for job in counter.books.jobs.having(state)] == ["drawer"]


def test_a_pulse_is_written_down_when_it_is_the_very_next_thing_and_not_while_the_printer_is_asked(
    counter: Counter,
) -> None:
    """So that a crash before that opens the drawer after the restart, instead of leaving it to the key."""
    seen: list[list[str]] = []
    counter.drawer.watch = lambda: seen.append([job.kind for job in counter.books.jobs.having("queued")])
    counter.books.post_sale(a_sale(), open_drawer=True)
    counter.spooler.start()
    assert counter.report().ok
    assert seen == [["drawer", "print"], ["print"]]


def test_a_drawer_comes_before_its_receipt_also_when_the_sale_is_posted_while_the_spooler_looks(
    counter: Counter,
) -> None:
    order: list[str] = []
    look = counter.books.jobs.any_queued

    def posted_right_after_the_look(kind: Kind | None = None) -> bool:
        found = look(kind)
        if not order:
            order.append("posted")
            counter.books.post_sale(a_sale(), open_drawer=True)
        return found

    counter.books.jobs.any_queued = posted_right_after_the_look
    counter.drawer.watch = lambda: order.append(f"drawer, {len(counter.printer.printed)} printed")
    counter.spooler.start()
    assert counter.report().ok
    assert order[:2] == ["posted", "drawer, 0 printed"]
    assert (counter.drawer.pulses, len(counter.printer.printed)) == (1, 1)


def test_a_receipt_that_cannot_be_read_does_not_hold_up_the_next(counter: Counter) -> None:
    counter.books.database.write(
        lambda connection: connection.execute(
            "insert into job(kind, pos, payload) values ('print', 1, x'7b')"
        )
    )
    counter.spooler.start()
    assert "Reprint it" in counter.report().message
    counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report().ok


def test_what_was_queued_at_the_end_of_the_day_is_printed_in_the_morning(tmp_path: Path) -> None:
    evening = Counter(tmp_path)
    evening.books.post_sale(a_sale(), open_drawer=False)
    evening.spooler.start()
    evening.report()
    evening.spooler.stop()
    evening.books.post_sale(a_sale(), open_drawer=False)
    evening.books.close()
    morning = Counter(tmp_path)
    morning.spooler.start()
    assert morning.report().ok
    morning.close()


def test_a_job_caught_by_a_power_cut_is_uncertain_at_the_next_start(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    number = books.post_sale(a_sale(), open_drawer=True).sale.receipt_number
    assert books.jobs.claim("drawer") is not None
    assert books.jobs.claim("print") is not None
    books.close()
    again = Counter(tmp_path)
    assert [job.kind for job in again.books.jobs.having("uncertain")] == ["drawer", "print"]
    again.spooler.start()
    assert again.report() == SpoolerStatus(None, "", 0, 1, (number,))
    again.books.post_sale(a_sale(), open_drawer=True)
    assert again.report() == SpoolerStatus(True, "", 0, 1, (number,))
    assert again.drawer.pulses == 1
    again.close()


def test_a_receipt_printed_again_is_unsure_no_more(counter: Counter) -> None:
    counter.printer.outcomes = [Uncertain("Look at the printer."), Uncertain("Look at the printer.")]
    counter.spooler.start()
    number = counter.books.post_sale(a_sale(), open_drawer=False).sale.receipt_number
    assert counter.report().unsure_receipts == (number,)
    reprint(counter.books, number, 1)
    assert counter.report().unsure_receipts == (number,)
    assert len(counter.books.jobs.having("uncertain")) == 1
    reprint(counter.books, number, 2)
    assert counter.report() == SpoolerStatus(True)


def test_nobody_is_asked_for_the_last_shifts_receipts(counter: Counter) -> None:
    counter.books.post(shift_opened())
    counter.printer.outcomes = [Uncertain("Look at the printer.")]
    counter.spooler.start()
    counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report().uncertain == 1
    counter.books.post(shift_closed(counter.books))
    assert counter.books.jobs.unsure_receipts() == ()


@pytest.mark.expects_log
def test_a_fault_in_the_program_is_said_and_printing_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counter = Counter(tmp_path, BreakingPrinter())
    counter.spooler.start()
    first = counter.books.post_sale(a_sale(), open_drawer=False)
    assert "because of a fault" in counter.report().message
    left = counter.report()
    assert ("because of a fault" in left.message, left.unsure_receipts) == (
        True,
        (first.sale.receipt_number,),
    )
    second = counter.books.post_sale(a_sale(), open_drawer=False)
    assert counter.report() == SpoolerStatus(True, "", 0, 1, (first.sale.receipt_number,))
    assert counter.printer.printed == [receipt(second)]
    assert "a layout nobody tried" in caplog.text
    counter.close()


def test_a_damaged_sale_holds_up_no_other_receipt(counter: Counter) -> None:
    counter.books.post_sale(a_sale(), open_drawer=False)
    counter.books.database.write(lambda db: db.execute("update entry set body = x'ff'"))
    second = counter.books.post_sale(a_sale(), open_drawer=False)
    counter.spooler.start()
    assert not counter.report().ok
    assert not counter.report().ok
    assert counter.report().ok
    assert counter.printer.printed == [receipt(second)]


def reprint(books: TillBooks, number: str, copy: int) -> None:
    posted = books.sale(number)
    assert posted is not None
    fact = ReceiptReprinted(
        sale_id=posted.sale.sale_id, receipt_number=number, operator_id="op1", copy_number=copy
    )
    books.post(fact, document=receipt(posted), note=number)


class BreakingPrinter(ScriptedPrinter):
    """Breaks at its first receipt in a way that nobody foresaw."""

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        self.attempts += 1
        if self.attempts == 1:
            raise ZeroDivisionError("a layout nobody tried")
        return super().print(document)


def test_a_full_disk_is_reported_and_the_job_waits(tmp_path: Path) -> None:
    counter = Counter(tmp_path)
    counter.books.post_sale(a_sale(), open_drawer=False)
    spooler = Spooler(
        FullAtFirst(counter.books.jobs.claim, counter.books),
        counter.printer,
        counter.drawer,
        counter.reports.put,
        pauses_s=(0.001,),
    )
    spooler.start()
    assert counter.report() == SpoolerStatus(False, "The disk is full.")
    assert counter.report().ok
    spooler.stop()
    counter.books.close()


class FullAtFirst:
    """A queue whose disk is full at the first look."""

    def __init__(self, claim: Callable, books: TillBooks) -> None:
        self._claim = claim
        self._failed = False
        self.done = books.jobs.done
        self.uncertain = books.jobs.uncertain
        self.again = books.jobs.again
        self.cancel = books.jobs.cancel
        self.having = books.jobs.having
        self.any_queued = books.jobs.any_queued
        self.unsure_receipts = books.jobs.unsure_receipts

    def claim(self, kind=None):
        if not self._failed:
            self._failed = True
            raise StorageFull("The disk is full.")
        return self._claim(kind)
