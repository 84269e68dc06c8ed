"""When the receipt printer is gone: the second one, a PDF folder, the printer in the office."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zxingcpp
from PIL import Image

from hardware.drawers.base import KeyOnlyDrawer, NotPulsed
from hardware.drawers.printer_pulse import PulseSettings
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.failover import FailoverPrinter
from hardware.printers.page_printer import DesktopPrinter, PdfPrinter
from hardware.printers.virtual import VirtualPrinter
from hardware.receipt_document import Barcode, Cut, ReceiptDocument, Text
from hardware.registry import DeviceSettings, connected
from hardware.transport.cups import CupsSettings, CupsTransport
from tests.hardware.cups_server import CUPSD, WHY_NOT, CupsServer

RECEIPT = ReceiptDocument((Text("Milk 1.20"), Barcode("code128", "S1-000123"), Cut()))
LONG = ReceiptDocument((*(Text(f"line {number}") for number in range(60)), Cut()))


@pytest.fixture
def second(short_times):
    with VirtualPrinter(port=0) as printer:
        settings = PrinterSettings(f"tcp://127.0.0.1:{printer.port}", name="Kitchen printer")
        yield printer, EscposPrinter(settings, times=short_times)


def test_while_the_first_printer_works_the_second_prints_nothing(printer, virtual_printer, second):
    paper, kitchen = second
    assert FailoverPrinter(printer, kitchen).print(RECEIPT) == Printed()
    assert (len(virtual_printer.receipts), paper.receipts) == (1, [])


def test_a_printer_without_paper_hands_over_and_the_cashier_is_told_where_the_receipt_is(
    printer, virtual_printer, second
):
    paper, kitchen = second
    virtual_printer.set_paper("out")
    both = FailoverPrinter(printer, kitchen)
    assert both.print(RECEIPT) == Printed(
        note=f"The receipt is at Kitchen printer (127.0.0.1 port {paper.port}). "
        "Printer is out of paper. Put in a roll and press Print again."
    )
    assert both.status().can_print
    assert len(paper.receipts) == 1
    virtual_printer.set_paper("ok")
    assert both.print(RECEIPT) == Printed()
    assert len(paper.receipts) == 1


def test_what_may_be_on_the_first_ones_paper_is_not_printed_by_the_second(printer, virtual_printer, second):
    paper, kitchen = second
    virtual_printer.run_out_after(dots=300)
    assert isinstance(FailoverPrinter(printer, kitchen).print(LONG), Uncertain)
    assert paper.receipts == []


def test_with_both_printers_gone_the_first_ones_trouble_is_said(printer, virtual_printer, second):
    paper, kitchen = second
    virtual_printer.set_paper("out")
    paper.go_away()
    both = FailoverPrinter(printer, kitchen)
    assert both.print(RECEIPT) == NotSent("Printer is out of paper. Put in a roll and press Print again.")
    assert both.status().paper == "out"


def test_a_drawer_stays_with_the_first_printer(virtual_printer, second):
    paper, _ = second
    settings = DeviceSettings(
        PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}"),
        second_printer=PrinterSettings(f"tcp://127.0.0.1:{paper.port}"),
        drawer=PulseSettings(),
    )
    devices = connected(settings)
    virtual_printer.set_paper("out")
    assert isinstance(devices.printer.print(RECEIPT), Printed)
    devices.drawer.open()
    assert (len(virtual_printer.wait_for_pulses(1)), paper.pulses) == (1, [])


def test_receipts_are_filed_as_pdf_pages_that_a_scanner_reads(tmp_path):
    printer = connected(DeviceSettings(PrinterSettings(f"pdf://{tmp_path}/receipts"))).printer
    assert isinstance(printer, PdfPrinter)
    assert printer.status().can_print
    assert [printer.print(RECEIPT), printer.print(LONG)] == [Printed(), Printed()]
    filed = sorted((tmp_path / "receipts").iterdir())
    assert [path.name for path in filed] == ["receipt-000001.pdf", "receipt-000002.pdf"]
    subprocess.run(["pdftoppm", "-r", "203", "-png", filed[0], tmp_path / "page"], check=True)
    (page,) = tmp_path.glob("page*.png")
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(page))] == ["S1-000123"]


def test_a_folder_that_takes_no_file_is_said(tmp_path):
    (tmp_path / "occupied").write_text("a file, not a folder")
    outcome = PdfPrinter(tmp_path / "occupied").print(RECEIPT)
    assert isinstance(outcome, NotSent)
    assert "can't be saved in" in outcome.reason


def test_pages_open_no_drawer_so_its_key_does(tmp_path):
    devices = connected(DeviceSettings(PrinterSettings(f"pdf://{tmp_path}"), drawer=PulseSettings()))
    assert devices.drawer is None
    assert KeyOnlyDrawer().open() == NotPulsed("Open the drawer with its key.")


@pytest.mark.skipif(CUPSD is None or os.geteuid() != 0, reason=WHY_NOT)
def test_the_office_printer_gets_a_pdf_page():
    with TemporaryDirectory(prefix="evertill-cups-") as folder, CupsServer(Path(folder)) as cups:
        transport = CupsTransport(CupsSettings(cups.queue, cups.socket, raw=False))
        printer = DesktopPrinter(cups.queue, transport=transport)
        assert printer.print(RECEIPT) == Printed(confirmed=False)
        assert cups.paper.startswith(b"%PDF")
        cups.order("cupsdisable", cups.queue)
        assert isinstance(printer.print(RECEIPT), NotSent)
        assert not printer.status().can_print


def test_an_office_printer_is_set_up_by_its_queue():
    assert (
        connected(DeviceSettings(PrinterSettings("desktop://office"))).printer.place == "print queue office"
    )
