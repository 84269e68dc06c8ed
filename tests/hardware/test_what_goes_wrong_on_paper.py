"""A printer that breaks off at the worst moments: in a picture, before the cut, under an open cover."""

import io
import threading

from PIL import Image

from hardware.drawers.base import Pulsed
from hardware.drawers.printer_pulse import PrinterPulseDrawer
from hardware.escpos.paper import PrintedImage
from hardware.printers.base import Printed, Uncertain
from hardware.receipt_document import Cut, Logo, ReceiptDocument, Text
from tests.hardware.test_every_wire import wait_until

RECEIPT = ReceiptDocument((Text("Thank you"), Cut()))


def picture():
    stored = io.BytesIO()
    Image.radial_gradient("L").resize((500, 500)).save(stored, "PNG")
    return stored.getvalue()


def test_a_printer_gone_in_the_middle_of_an_image_is_uncertain_and_no_dot_of_it_is_on_the_next_receipt(
    printer, virtual_printer
):
    document = ReceiptDocument((Logo(png=picture()), Text("under the picture"), Cut()))
    assert printer.print(document) == Printed()
    virtual_printer.hang_up_after(10_000)
    outcome = printer.print(document)
    assert isinstance(outcome, Uncertain)
    assert "Look whether the receipt came out" in outcome.reason
    assert printer.print(RECEIPT) == Printed()
    assert what_is_on(virtual_printer.receipts[-1]) == ["Thank you"], (
        "what waited in the printer came out before"
    )
    assert len(virtual_printer.receipts) == 3, "the half one, cut off, and the next"


def test_a_drawer_opens_also_while_the_printer_waits_for_the_rest_of_a_picture(driver, virtual_printer):
    printer = driver()
    virtual_printer.hang_up_after(10_000)
    assert isinstance(printer.print(ReceiptDocument((Logo(png=picture()), Cut()))), Uncertain)
    drawer = PrinterPulseDrawer(printer.transport, half_sent=printer.half_sent)
    assert drawer.open() == Pulsed()
    assert len(virtual_printer.wait_for_pulses(1, timeout_s=2)) == 1
    assert printer.print(RECEIPT) == Printed()
    assert what_is_on(virtual_printer.receipts[-1]) == ["Thank you"]
    assert len(virtual_printer.pulses) == 1


def what_is_on(receipt):
    """Its lines, and 'a picture' for each of those; no bytes that a printer would have printed as rubbish."""
    assert receipt.unknown == []
    pictures = ["a picture" for item in receipt.items if isinstance(item, PrintedImage)]
    return [*pictures, *(line.strip() for line in receipt.lines if line.strip())]


def test_paper_that_ends_after_the_text_and_before_the_cut_leaves_the_receipt_uncertain(
    printer, virtual_printer
):
    ten_lines = ReceiptDocument((*(Text(f"line {number}") for number in range(10)), Cut()))
    virtual_printer.run_out_after(dots=10 * 30)
    assert printer.print(ten_lines) == Uncertain(
        "Printer is out of paper. Put in a roll and press Print again."
    )
    assert virtual_printer.receipts == []
    assert [line for line in virtual_printer.unfinished.lines if line.strip()][-1] == "line 9"
    virtual_printer.set_paper("ok")
    virtual_printer.wait_for_receipts(1)
    assert printer.print(RECEIPT) == Printed()


def test_a_cover_opened_and_closed_while_it_prints_costs_no_line(printer, virtual_printer):
    long = ReceiptDocument((*(Text(f"line {number}") for number in range(60)), Cut()))
    virtual_printer.set_speed(3000)
    outcomes = []
    job = threading.Thread(target=lambda: outcomes.append(printer.print(long)))
    job.start()
    wait_until(lambda: len(virtual_printer.unfinished.lines) > 5)
    virtual_printer.set_cover(is_open=True)
    virtual_printer.set_cover(is_open=False)
    job.join()
    (receipt,) = virtual_printer.wait_for_receipts(1)
    assert [line for line in receipt.lines if line.strip()] == [f"line {number}" for number in range(60)]
    assert outcomes[0] in (
        Printed(),
        Uncertain("The printer's cover is open. Close it and press Print again."),
    )
