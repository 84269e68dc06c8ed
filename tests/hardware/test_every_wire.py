"""The same printer on every wire: paper-out, the plug pulled out in the middle, plugged in again, and on it goes."""

import threading
import time

import pytest

from hardware.drawers.base import NotPulsed, Pulsed
from hardware.drawers.printer_pulse import PrinterPulseDrawer
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.printers.escpos_dialogue import DialogueTimes
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.printers.virtual_wires import VirtualSerialLine, VirtualUsbCable
from hardware.receipt_document import Cut, ReceiptDocument, Text
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.file import FileTransport
from hardware.transport.serial_line import SerialSettings, SerialTransport
from hardware.transport.tcp import TcpTransport
from hardware.transport.usb import UsbSettings, UsbTransport

TIMES = DialogueTimes(answer_s=0.5, send_s=4.0, confirm_s=4.0, look_again_s=0.05)
RECEIPT = ReceiptDocument((Text("Milk 1.20"), Text("Thank you"), Cut()))
LONG = ReceiptDocument((*(Text(f"line {number} of a long receipt") for number in range(300)), Cut()))
ON_PAPER = ["Milk 1.20", "Thank you"]


class TcpWire:
    def __init__(self, printer, _):
        self._printer = printer
        self.transport = TcpTransport("127.0.0.1", printer.port, connect_timeout_s=1.0)

    def pull_out(self):
        self._printer.go_away()

    def plug_in(self):
        self._printer.come_back()


class SerialWire:
    def __init__(self, printer, folder):
        self._line = VirtualSerialLine(printer, folder / "ttyUSB0")
        self._line.plug_in()
        self.port = self._line.port
        self.transport = SerialTransport(SerialSettings(str(self.port), baud=115200))
        self.pull_out, self.plug_in = self._line.pull_out, self._line.plug_in


class FileWire(SerialWire):
    """The port as a device file, as /dev/usb/lp0 is one."""

    def __init__(self, printer, folder):
        super().__init__(printer, folder)
        self.transport = FileTransport(self.port, is_device=True)


class UsbWire:
    def __init__(self, printer, _):
        cable = VirtualUsbCable(printer)
        settings = UsbSettings(VirtualUsbCable.vendor, VirtualUsbCable.product, VirtualUsbCable.serial)
        self.transport = UsbTransport(settings, backend=cable)
        self.pull_out, self.plug_in = cable.pull_out, cable.plug_in


@pytest.fixture
def virtual_printer():
    """With a memory of a few lines, as the small ones have, so that a job is on the wire while it prints."""
    with VirtualPrinter(port=0, memory_bytes=300) as printer:
        yield printer


@pytest.fixture(params=[TcpWire, SerialWire, FileWire, UsbWire], ids=["tcp", "serial", "file", "usb"])
def wire(request, virtual_printer, tmp_path):
    made = request.param(virtual_printer, tmp_path)
    yield made
    made.pull_out()


@pytest.fixture
def printer(wire):
    return EscposPrinter(PrinterSettings("tcp://not-used"), wire.transport, TIMES)


def test_a_receipt_comes_out_and_the_printer_says_that_it_did(printer, virtual_printer):
    assert printer.status().message == "Printer is ready."
    assert printer.print(RECEIPT) == Printed()
    assert [receipt.lines[:2] for receipt in virtual_printer.receipts] == [ON_PAPER]
    assert virtual_printer.receipts[0].unknown == []


def test_without_paper_nothing_is_sent_and_with_a_new_roll_it_prints(printer, virtual_printer):
    virtual_printer.set_paper("out")
    assert printer.print(RECEIPT) == NotSent("Printer is out of paper. Put in a roll and press Print again.")
    virtual_printer.set_paper("ok")
    assert printer.print(RECEIPT) == Printed()
    assert len(virtual_printer.receipts) == 1


def test_paper_that_ends_in_the_middle_leaves_the_receipt_uncertain(printer, virtual_printer):
    virtual_printer.run_out_after(dots=300)
    outcome = printer.print(ReceiptDocument((*(Text(f"{number}") for number in range(40)), Cut())))
    assert outcome == Uncertain("Printer is out of paper. Put in a roll and press Print again.")


def test_a_plug_pulled_out_in_the_middle_and_put_in_again_prints_the_next_receipt_once(
    printer, wire, virtual_printer
):
    virtual_printer.set_speed(3000)
    outcomes = []
    job = threading.Thread(target=lambda: outcomes.append(printer.print(LONG)))
    job.start()
    wait_until(lambda: len(virtual_printer.unfinished.lines) > 5)
    wire.pull_out()
    job.join()
    (outcome,) = outcomes
    assert isinstance(outcome, Uncertain)
    assert "Look whether the receipt came out" in outcome.reason
    assert isinstance(printer.print(RECEIPT), NotSent)
    assert not printer.status().reachable

    virtual_printer.set_speed(None)
    wire.plug_in()
    assert printer.print(RECEIPT) == Printed()
    *before, last = ([line for line in each.lines if line] for each in virtual_printer.receipts)
    assert last == ON_PAPER, "nothing of the broken one stands above it"
    assert ON_PAPER not in before


def test_a_drawer_opens_by_every_wire_and_by_none_that_is_pulled_out(wire, virtual_printer):
    drawer = PrinterPulseDrawer(wire.transport)
    assert drawer.open() == Pulsed()
    assert len(virtual_printer.wait_for_pulses(1)) == 1
    wire.pull_out()
    assert isinstance(drawer.open(), NotPulsed)
    wire.plug_in()
    assert drawer.open() == Pulsed()
    assert len(virtual_printer.wait_for_pulses(2)) == 2


def test_a_printer_that_takes_nothing_more_holds_nobody_up(wire, virtual_printer):
    virtual_printer.set_cover(is_open=True)
    started = time.monotonic()
    with wire.transport.open() as channel, pytest.raises(SendFailed) as failure:
        channel.send(b"x" * 20_000_000, timeout_s=0.3)
    assert 0 < failure.value.sent < 20_000_000
    assert time.monotonic() - started < 2.0


def test_an_unplugged_device_is_said_to_be_unplugged_and_not_waited_for(wire):
    wire.pull_out()
    started = time.monotonic()
    with pytest.raises(NotReachable, match=r"cable"), wire.transport.open():
        pass
    assert time.monotonic() - started < 1.0


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
