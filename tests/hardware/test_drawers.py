"""Drawers: by the printer's pulse or by a trigger of their own, felt where there is a switch, opened once."""

import os
import threading
import time

import pytest

from hardware.doctor import examine
from hardware.drawers.base import NotPulsed, Pulsed, PulseUncertain
from hardware.drawers.direct_trigger import BadTrigger, DirectTriggerDrawer, TriggerSettings
from hardware.drawers.printer_pulse import PrinterPulseDrawer, PulseSettings
from hardware.printers.escpos_printer import PrinterSettings
from hardware.registry import DeviceSettings, connected
from hardware.transport.base import SendFailed
from hardware.transport.serial_line import SerialChannel

FELT = PulseSettings(sensor="open_is_high", opens_within_s=0.2)
WIRED_THE_OTHER_WAY = PulseSettings(sensor="open_is_low", opens_within_s=0.2)


class TriggerBox:
    """A drawer trigger on a serial port: every byte that comes opens it."""

    def __init__(self):
        self.ours, theirs = os.openpty()
        self._theirs = theirs
        self.port = os.ttyname(theirs)

    def received(self, timeout_s=1.0):
        heard = []
        reader = threading.Thread(target=lambda: heard.append(os.read(self.ours, 100)), daemon=True)
        reader.start()
        reader.join(timeout_s)
        return heard[0] if heard else b""

    def unplug(self):
        os.close(self.ours)
        os.close(self._theirs)


@pytest.fixture
def box():
    return TriggerBox()


def test_a_drawer_with_a_trigger_of_its_own_gets_its_byte_once(box):
    drawer = connected(DeviceSettings(drawer=TriggerSettings(f"serial://{box.port}"))).drawer
    assert drawer.open() == Pulsed()
    assert box.received() == b"\x07"
    assert drawer.state() == "unknown"
    box.unplug()
    assert isinstance(drawer.open(), NotPulsed)


def test_a_trigger_may_want_bytes_of_its_own(box):
    settings = TriggerSettings(f"serial://{box.port}?baud=2400", trigger="1b7000")
    assert DirectTriggerDrawer(settings).open() == Pulsed()
    assert box.received() == b"\x1bp\x00"


@pytest.mark.parametrize("trigger", ["", "7", "BEL", "07 0"])
def test_a_trigger_that_is_no_bytes_is_refused_with_an_example(trigger):
    with pytest.raises(BadTrigger, match="such as 07"):
        DirectTriggerDrawer(TriggerSettings("serial://COM1", trigger=trigger))


def test_a_trigger_is_written_down_before_its_byte_leaves_and_not_when_nothing_is_there(box):
    drawer = DirectTriggerDrawer(TriggerSettings(f"serial://{box.port}"))
    heard_by_then = []
    drawer.open(about_to_send=lambda: heard_by_then.append(box.received(timeout_s=0.1)))
    assert heard_by_then == [b""]
    nowhere = DirectTriggerDrawer(TriggerSettings("serial:///dev/no-such-port"))
    assert isinstance(nowhere.open(about_to_send=lambda: pytest.fail("nothing leaves")), NotPulsed)


def test_a_serial_plug_pulled_out_while_it_writes_may_have_let_the_pulse_through():
    """How much of a piece the port still took, nobody says."""

    class Broken:
        out_waiting = 0
        write_timeout = 1.0

        def write(self, data):
            raise OSError(5, "Input/output error")

    with pytest.raises(SendFailed) as failed:
        SerialChannel(Broken(), "serial port COM3").send(b"\x07", 1.0)
    assert failed.value.sent == 1


def test_a_disk_that_is_full_keeps_the_drawer_shut(virtual_printer, transport):
    def full():
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        PrinterPulseDrawer(transport).open(about_to_send=full)
    with transport.open():
        pass
    assert virtual_printer.pulses == []


def test_a_drawer_with_a_switch_is_felt_to_open_and_to_shut(virtual_printer, transport):
    virtual_printer.connect_drawer()
    drawer = PrinterPulseDrawer(transport, FELT)
    assert drawer.state() == "closed"
    assert drawer.open() == Pulsed()
    assert drawer.state() == "open"
    virtual_printer.shut_drawer()
    assert drawer.state() == "closed"
    assert len(virtual_printer.pulses) == 1


def test_a_drawer_that_is_jammed_is_opened_by_key_and_gets_no_second_pulse(virtual_printer, transport):
    virtual_printer.connect_drawer(jammed=True)
    outcome = PrinterPulseDrawer(transport, FELT).open()
    assert outcome == PulseUncertain("The drawer got its pulse but stays shut. Open the drawer with its key.")
    assert len(virtual_printer.pulses) == 1


def test_a_switch_may_be_wired_the_other_way_round(virtual_printer, transport):
    virtual_printer.connect_drawer()
    assert PrinterPulseDrawer(transport, WIRED_THE_OTHER_WAY).state() == "open"


def test_a_switch_behind_a_mute_or_missing_printer_says_nothing(virtual_printer, transport):
    drawer = PrinterPulseDrawer(
        transport, PulseSettings(sensor="open_is_high", answer_timeout_s=0.05, opens_within_s=0.1)
    )
    virtual_printer.set_silent(True)
    assert (drawer.state(), drawer.open()) == ("unknown", Pulsed())
    virtual_printer.go_away()
    assert drawer.state() == "unknown"


def test_a_drawer_that_nobody_feels_is_not_waited_for(virtual_printer, transport):
    started = time.monotonic()
    assert PrinterPulseDrawer(transport).open() == Pulsed()
    assert time.monotonic() - started < 0.9


def test_the_doctor_says_how_a_drawer_is_opened_and_what_its_switch_says(virtual_printer, box):
    printer = PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}")
    virtual_printer.connect_drawer()
    felt = examine(DeviceSettings(printer, FELT))[1]
    assert felt.message == "Opened by a pulse from the receipt printer. It says that it is closed."
    own = examine(DeviceSettings(printer, TriggerSettings(f"serial://{box.port}")))[1]
    assert (own.works, own.place) == (True, f"serial port {box.port}")
    wrong = examine(DeviceSettings(printer, TriggerSettings("serial://COM1", trigger="x")))[0]
    assert (wrong.works, "such as 07" in wrong.message) == (False, True)
