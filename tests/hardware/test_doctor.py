"""The page that says what is connected and what it answers."""

from hardware.doctor import examine, sentences
from hardware.drawers.base import NotPulsed, Pulsed
from hardware.drawers.printer_pulse import PulseSettings
from hardware.drawers.simulator import SimulatedDrawer
from hardware.printers.escpos_printer import PrinterSettings
from hardware.registry import DeviceSettings, connected
from hardware.scanners.virtual import VirtualSerialScanner
from hardware.status import PrinterStatus
from hardware.terminals.virtual import VirtualTerminal


def counter(virtual_printer, **settings):
    printer = PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}", **settings)
    return DeviceSettings(printer=printer, drawer=PulseSettings())


def test_a_counter_that_works_is_said_to_work(virtual_printer):
    assert [report.works for report in examine(counter(virtual_printer))] == [True, True, True]
    assert sentences(examine(counter(virtual_printer)))[0] == (
        f"OK       Receipt printer at 127.0.0.1 port {virtual_printer.port}: Printer is ready."
    )


def test_examining_prints_nothing_and_opens_no_drawer(virtual_printer):
    examine(counter(virtual_printer))
    assert (virtual_printer.receipts, virtual_printer.pulses) == ([], [])
    assert virtual_printer.unfinished.items == ()


def test_a_printer_out_of_paper_is_a_problem_with_a_remedy(virtual_printer):
    virtual_printer.set_paper("out")
    report = examine(counter(virtual_printer))[0]
    assert not report.works
    assert "Put in a roll" in report.message


def test_a_misspelt_printer_model_is_found(virtual_printer):
    report = examine(counter(virtual_printer, profile="TM-T88Z"))[0]
    assert not report.works
    assert "TM-T88Z" in report.message


def test_an_empty_counter_says_what_to_do_without():
    reports = examine(DeviceSettings(wedge=None))
    assert [report.works for report in reports] == [False, False, False]
    assert all(report.message for report in reports)


def test_the_drawer_of_the_settings_opens_through_the_printer(virtual_printer):
    assert connected(counter(virtual_printer)).drawer.open() == Pulsed()
    assert len(virtual_printer.wait_for_pulses(1)) == 1


def test_a_simulated_drawer_counts_and_can_jam():
    drawer = SimulatedDrawer()
    assert drawer.open() == Pulsed()
    drawer.jammed = True
    assert isinstance(drawer.open(), NotPulsed)
    assert drawer.times_opened == 1


def test_a_stopped_and_a_paused_printer_say_what_to_do():
    paused = PrinterStatus(reachable=True, answers=True, online=False)
    stopped = PrinterStatus(reachable=True, answers=True, online=False, fault=True)
    assert "Feed button" in paused.message
    assert "knife" in stopped.message
    assert not paused.can_print
    assert "can't be reached" in PrinterStatus(reachable=False).message


def test_a_card_terminal_says_what_is_wrong_with_it():
    with VirtualTerminal(port=0) as terminal:
        settings = DeviceSettings(card_terminal=f"zvt://127.0.0.1:{terminal.port}")
        assert sentences(examine(settings))[-1] == (
            f"OK       Card terminal at 127.0.0.1 port {terminal.port}: Card terminal is ready."
        )
        terminal.set_paper(has_paper=False)
        assert "out of paper" in sentences(examine(settings))[-1]
    assert "PROBLEM" in sentences(examine(settings))[-1]


def test_each_scanner_with_a_wire_is_looked_for(tmp_path):
    with VirtualSerialScanner(tmp_path / "ttyACM0") as scanner:
        addresses = (f"serial://{scanner.port}", f"serial://{tmp_path}/ttyACM1")
        reports = examine(DeviceSettings(wedge=None, scanners=addresses))[2:]
    assert [report.works for report in reports] == [True, False]
    assert "Scan something" in reports[0].message
    assert "check its cable" in reports[1].message
