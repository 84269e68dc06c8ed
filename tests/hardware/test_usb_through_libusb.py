"""The USB driver on the real libusb, with a printer that umockdev plays."""

import pytest

from hardware.escpos import commands
from hardware.escpos.encoder import encode
from hardware.escpos.profile import profile_named
from hardware.receipt_document import Cut, ReceiptDocument, Text
from tests.hardware.emulated_usb_printer import UMOCKDEV, WHY_NOT, converse

pytestmark = pytest.mark.skipif(UMOCKDEV is None, reason=WHY_NOT)

PROGRAM = """
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.receipt_document import Cut, ReceiptDocument, Text
printer = EscposPrinter(PrinterSettings("usb://04b8:0202"))
print(printer.print(ReceiptDocument((Text("Milk 1.20"), Cut()))))
"""
READY, NO_PAPER = b"\x12", b"\x7e"


def asked(kind, answer):
    return [("hears", commands.ask_status(kind)), ("says", answer)]


def test_a_receipt_goes_through_libusb_and_is_confirmed(tmp_path):
    job = encode(ReceiptDocument((Text("Milk 1.20"), Cut())), profile_named("generic-80"))
    talk = [
        *asked("printer", READY),
        *asked("offline", READY),
        *asked("paper", READY),
        ("hears", job),
        ("hears", commands.ASK_PAPER_IN_ORDER),
        ("says", b"\x00"),
    ]
    assert converse(tmp_path, talk, PROGRAM).startswith("Printed(confirmed=True")


def test_a_printer_out_of_paper_says_so_through_libusb(tmp_path):
    talk = [*asked("printer", b"\x1a"), *asked("offline", b"\x32"), *asked("paper", NO_PAPER)]
    assert "out of paper" in converse(tmp_path, talk, PROGRAM)


def test_a_plug_that_holds_another_device_is_no_printer(tmp_path):
    program = PROGRAM.replace("0202", "0e15")
    assert "No printer is plugged in at USB 04b8:0e15." in converse(tmp_path, [], program)
