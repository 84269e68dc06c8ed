"""Print queues: a real CUPS whose backend writes to a file, and Windows' spooler as pywin32 shows it."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hardware.drawers.base import NotPulsed, Pulsed, PulseUncertain
from hardware.drawers.printer_pulse import PrinterPulseDrawer
from hardware.escpos.decoder import Decoder
from hardware.escpos.interpreter import Interpreter
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.printers.escpos_dialogue import DialogueTimes
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.receipt_document import Cut, ReceiptDocument, Text
from hardware.status import PrinterStatus
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.cups import CupsSettings, CupsTransport
from hardware.transport.windows_spooler import WindowsSpoolerSettings, WindowsSpoolerTransport
from tests.hardware.cups_server import CUPSD, WHY_NOT, CupsServer
from tests.hardware.windows_printing import FakeWindows

TIMES = DialogueTimes(send_s=1.0)
RECEIPT = ReceiptDocument((Text("Milk 1.20"), Text("Thank you"), Cut()))
LATER = ReceiptDocument((Text("Bread 2.40"), Cut()))

needs_cups = pytest.mark.skipif(CUPSD is None or os.geteuid() != 0, reason=WHY_NOT)


@pytest.fixture(scope="module")
def running_cups():
    """Not in pytest's folder, which is closed to the user that backends run as."""
    with TemporaryDirectory(prefix="evertill-cups-") as folder, CupsServer(Path(folder)) as server:
        yield server


@pytest.fixture
def cups(running_cups):
    running_cups.fresh()
    return running_cups


@pytest.fixture
def queue(cups):
    return CupsTransport(CupsSettings(cups.queue, cups.socket))


@pytest.fixture
def printer(queue):
    return EscposPrinter(PrinterSettings("cups://receipts"), queue, TIMES)


def on_paper(stream):
    paper = Interpreter()
    for token in Decoder().feed(stream):
        paper.apply(token)
    return [receipt.lines[:-3] for receipt in paper.receipts]


@needs_cups
def test_a_receipt_goes_through_the_queue_byte_by_byte(printer, cups):
    assert printer.print(RECEIPT) == Printed(confirmed=False)
    assert on_paper(cups.paper) == [["Milk 1.20", "Thank you"]]


@needs_cups
def test_a_printer_without_paper_behind_a_queue_prints_nothing_later_by_surprise(printer, cups):
    cups.trouble("paper")
    outcome = printer.print(RECEIPT)
    assert outcome == Uncertain(
        "Printer is out of paper. Put in a roll and press Print again. "
        "Look whether the receipt came out, and print it again if not."
    )
    cups.trouble("")
    assert printer.print(LATER) == Printed(confirmed=False)
    assert on_paper(cups.paper) == [["Bread 2.40"]]


@needs_cups
def test_while_a_queue_says_that_the_paper_is_out_nothing_is_given_to_it(printer, queue, cups):
    cups.trouble("paper")
    cups.start("somebody else's job")
    cups.wait_until(lambda: queue.status().paper == "out")
    assert printer.print(RECEIPT) == NotSent("Printer is out of paper. Put in a roll and press Print again.")
    cups.trouble("")
    cups.wait_until(lambda: queue.status().can_print)
    assert printer.print(RECEIPT) == Printed(confirmed=False)


@needs_cups
def test_a_printer_unplugged_behind_a_queue_and_plugged_in_again_prints_the_next_receipt_once(printer, cups):
    cups.trouble("unplugged")
    assert isinstance(printer.print(RECEIPT), Uncertain)
    cups.trouble("")
    assert printer.print(LATER) == Printed(confirmed=False)
    assert on_paper(cups.paper) == [["Bread 2.40"]]


@needs_cups
def test_a_stopped_queue_gets_nothing_and_is_named(printer, queue, cups):
    cups.order("cupsdisable", "-r", "taken away", cups.queue)
    outcome = printer.print(RECEIPT)
    assert isinstance(outcome, NotSent)
    assert outcome.reason.startswith("The print queue receipts is stopped (taken away).")
    assert isinstance(PrinterPulseDrawer(queue).open(), NotPulsed)
    cups.order("cupsenable", cups.queue)
    assert printer.print(RECEIPT) == Printed(confirmed=False)


@needs_cups
def test_a_job_that_no_printer_touched_may_be_printed_again(queue, cups):
    """The queue stops after we looked."""
    with queue.open() as channel:
        cups.order("cupsdisable", cups.queue)
        with pytest.raises(SendFailed) as failure:
            channel.send(b"Milk\n", timeout_s=0.3)
    assert failure.value.sent == 0
    cups.order("cupsenable", cups.queue)
    cups.wait_until_empty()
    assert cups.paper == b""


@needs_cups
def test_a_drawer_opens_through_a_queue(queue, cups):
    assert PrinterPulseDrawer(queue).open() == Pulsed()
    assert cups.paper == b"\x1bp\x00\x32\x64"


@needs_cups
def test_a_queue_that_nobody_made_is_said_to_be_missing(cups):
    transport = CupsTransport(CupsSettings("nowhere", cups.socket))
    assert not transport.status().reachable
    with pytest.raises(NotReachable, match="no print queue nowhere"), transport.open():
        pass


def test_without_cups_the_cashier_is_told_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert CupsTransport(CupsSettings("receipts")).status() == PrinterStatus(
        reachable=False,
        unreachable_because="The print system's commands are missing. Install CUPS, "
        "or set the printer up directly.",
    )


@pytest.mark.parametrize(
    "lp",
    ["cat > {folder}/taken; sleep 3", "cat > {folder}/taken; echo queued as number 7"],
    ids=["it hangs", "its answer can't be read"],
)
def test_a_job_that_the_print_system_may_have_taken_is_not_given_to_it_again_unasked(
    lp, tmp_path, monkeypatch
):
    """It may come out later: a second one without COPY, or a pulse that nobody expects, would be too many."""
    for name, script in (("lp", lp.format(folder=tmp_path)), ("lpstat", "echo printer receipts is idle.")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("hardware.transport.cups._COMMAND_S", 0.5)
    queue = CupsTransport(CupsSettings("receipts"))
    outcome = EscposPrinter(PrinterSettings("cups://receipts"), queue, TIMES).print(RECEIPT)
    assert (tmp_path / "taken").read_bytes() != b""
    assert isinstance(outcome, Uncertain)
    assert isinstance(PrinterPulseDrawer(queue).open(), PulseUncertain)


@pytest.fixture
def windows():
    return FakeWindows("Receipt printer")


@pytest.fixture
def windows_printer(windows):
    transport = WindowsSpoolerTransport(WindowsSpoolerSettings("Receipt printer"), windows=windows)
    return EscposPrinter(PrinterSettings("winspool://x"), transport, TIMES)


def test_a_receipt_goes_through_windows_as_a_raw_job(windows_printer, windows):
    assert windows_printer.print(RECEIPT) == Printed(confirmed=False)
    assert on_paper(windows.paper) == [["Milk 1.20", "Thank you"]]
    assert windows.open_handles == 0


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (0x10, "Printer is out of paper. Put in a roll and press Print again."),
        (0x400000, "The printer's cover is open. Close it and press Print again."),
        (0x80, "Printer can't be reached. Switch it on and check its cable."),
        (0x01, "Windows has paused this printer. Open its queue and let it go on."),
        (0x08, "Printer has stopped. Check the paper and the knife, switch it off and on, then print again."),
    ],
)
def test_what_windows_knows_of_its_printer_is_said_and_nothing_is_queued(
    windows_printer, windows, flags, says
):
    windows.status = flags
    assert windows_printer.print(RECEIPT) == NotSent(says)
    windows.status = 0
    assert windows_printer.print(RECEIPT) == Printed(confirmed=False)
    assert windows.jobs_taken == 1


def test_a_job_that_hangs_in_windows_queue_is_taken_out_of_it(windows_printer, windows):
    windows.unplugged = True
    assert isinstance(windows_printer.print(RECEIPT), NotSent)
    windows.unplugged = False
    assert windows_printer.print(LATER) == Printed(confirmed=False)
    assert on_paper(windows.paper) == [["Bread 2.40"]]


def test_a_job_that_windows_had_begun_to_print_is_uncertain(windows_printer, windows):
    windows.stops_while_printing = True
    assert isinstance(windows_printer.print(RECEIPT), Uncertain)


def test_a_job_that_left_windows_queue_in_the_moment_it_was_to_be_taken_out_is_uncertain(
    windows_printer, windows, monkeypatch
):
    def too_late(*_):
        windows.unplugged = False
        windows._work()
        raise windows.error(87, "SetJob", "The parameter is incorrect.")

    windows.unplugged = True
    monkeypatch.setattr(windows, "SetJob", too_late)
    assert isinstance(windows_printer.print(RECEIPT), Uncertain)
    assert len(on_paper(windows.paper)) == 1


def test_a_printer_that_windows_does_not_know_is_named(windows):
    transport = WindowsSpoolerTransport(WindowsSpoolerSettings("Receit printer"), windows=windows)
    with pytest.raises(NotReachable, match="'Receit printer'"), transport.open():
        pass


@pytest.mark.skipif(os.name == "nt", reason="there it works")
def test_windows_printing_elsewhere_is_a_sentence():
    with pytest.raises(NotReachable, match="needs Windows"):
        WindowsSpoolerTransport(WindowsSpoolerSettings("any")).open().__enter__()
