"""A receipt printer: no error is not the same as printed."""

import socket
import threading

import pytest

from hardware.drawers.base import NotPulsed, Pulsed, PulseUncertain
from hardware.drawers.printer_pulse import PrinterPulseDrawer, PulseSettings
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.printers.escpos_dialogue import DialogueTimes, print_job
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.receipt_document import Cut, Logo, ReceiptDocument, Text, name_and_amount
from hardware.status import PrinterStatus
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.tcp import TcpTransport

RECEIPT = ReceiptDocument(
    (Logo(lines=("Corner Shop",)), name_and_amount("Crème fraîche", "€ 1.20"), Text("Thank you"), Cut())
)
LONG = ReceiptDocument((*(Text(f"line {number}") for number in range(60)), Cut()))


def test_a_receipt_comes_out_and_is_confirmed(printer, virtual_printer):
    assert printer.print(RECEIPT) == Printed()
    (receipt,) = virtual_printer.receipts
    assert receipt.text.split() == ["Corner", "Shop", "Crème", "fraîche", "€", "1.20", "Thank", "you"]
    assert (receipt.cut, receipt.unknown) == ("partial", [])


def test_a_healthy_printer_says_so(printer):
    status = printer.status()
    assert status == PrinterStatus(True, True, True, paper="ok", cover="closed")
    assert status.message == "Printer is ready."


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (lambda p: p.set_paper("out"), "Printer is out of paper. Put in a roll and press Print again."),
        (lambda p: p.set_cover(is_open=True), "The printer's cover is open. Close it and press Print again."),
    ],
)
def test_a_printer_that_cannot_print_gets_nothing_and_says_what_to_do(
    printer, virtual_printer, trouble, message
):
    trouble(virtual_printer)
    assert printer.status().message == message
    assert printer.print(RECEIPT) == NotSent(message)
    virtual_printer.set_paper("ok")
    virtual_printer.set_cover(is_open=False)
    assert printer.print(RECEIPT) == Printed()
    assert len(virtual_printer.receipts) == 1


def test_paper_nearly_used_up_is_said_and_stops_nothing(printer, virtual_printer):
    virtual_printer.set_paper("near_end")
    assert printer.status().message == "Printer is ready. The paper is nearly used up."
    assert printer.print(RECEIPT) == Printed()


def test_paper_that_ends_in_the_middle_leaves_it_uncertain(printer, virtual_printer):
    virtual_printer.run_out_after(dots=300)
    assert printer.print(LONG) == Uncertain("Printer is out of paper. Put in a roll and press Print again.")
    assert virtual_printer.receipts == []
    virtual_printer.set_paper("ok")
    (receipt,) = virtual_printer.wait_for_receipts(1)
    assert receipt.lines[59] == "line 59"


def test_a_printer_that_is_gone_is_not_sent(printer, virtual_printer):
    virtual_printer.go_away()
    assert not printer.status().reachable
    assert isinstance(printer.print(RECEIPT), NotSent)
    assert f"Nothing answers at 127.0.0.1 port {virtual_printer.port}." in printer.status().message


def test_a_printer_that_comes_back_is_used_again(printer, virtual_printer):
    virtual_printer.go_away()
    assert isinstance(printer.print(RECEIPT), NotSent)
    virtual_printer.come_back()
    assert printer.print(RECEIPT) == Printed()


def test_a_printer_that_never_answers_gets_no_receipt(printer, virtual_printer):
    virtual_printer.set_silent(True)
    assert printer.print(RECEIPT) == NotSent(
        "Printer is connected but does not answer. Switch it off and on, then print again."
    )
    assert printer.status().message == "Printer is connected, but does not say how it is."
    assert virtual_printer.receipts == []


def test_a_printer_set_up_as_mute_prints_without_confirmation(virtual_printer, driver):
    virtual_printer.set_silent(True)
    mute = driver(confirmation="none")
    assert mute.print(RECEIPT) == Printed(confirmed=False)
    assert len(virtual_printer.wait_for_receipts(1)) == 1
    assert mute.status().can_print


def test_a_printer_that_answers_only_at_once_is_asked_at_once(driver):
    assert driver(confirmation="at_once").print(RECEIPT) == Printed()


def test_a_cheap_printer_that_answers_is_believed_and_one_that_does_not_prints_all_the_same(
    virtual_printer, driver
):
    cheap = driver(profile="generic-58")
    assert cheap.print(RECEIPT) == Printed()
    virtual_printer.set_paper("out")
    assert isinstance(cheap.print(RECEIPT), NotSent)
    virtual_printer.set_paper("ok")
    virtual_printer.set_silent(True)
    assert cheap.print(RECEIPT) == Printed(confirmed=False)
    assert len(virtual_printer.wait_for_receipts(2)) == 2


def test_a_connection_that_breaks_half_way_leaves_it_uncertain(printer, virtual_printer):
    virtual_printer.hang_up_after(len("\x10\x04\x01" * 3) + 40)
    outcome = printer.print(LONG)
    assert isinstance(outcome, Uncertain)
    assert "Look whether the receipt came out" in outcome.reason


def test_a_slow_printer_is_waited_for(printer, virtual_printer):
    virtual_printer.set_speed(2_000)
    assert printer.print(RECEIPT) == Printed()


def test_a_printer_too_slow_for_the_limit_is_uncertain(printer, virtual_printer):
    virtual_printer.set_speed(20)
    outcome = printer.print(LONG)
    assert outcome == Uncertain(
        "Printer took the receipt but did not say that it is printed. "
        "Look whether the receipt came out, and print it again if not."
    )


def test_a_printer_whose_memory_is_full_does_not_hold_the_till_for_ever(short_times):
    with VirtualPrinter(port=0, memory_bytes=200) as full:
        full.run_out_after(dots=1)
        settings = PrinterSettings(f"tcp://127.0.0.1:{full.port}")
        printer = EscposPrinter(settings, TcpTransport("127.0.0.1", full.port), short_times)
        enough_to_fill_every_buffer = ReceiptDocument(tuple(Text("x" * 48) for _ in range(300_000)))
        assert isinstance(printer.print(enough_to_fill_every_buffer), Uncertain)


def test_a_stranger_at_the_port_is_not_taken_for_a_printer(short_times):
    """A web server, say: it answers with words, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_like_a_web_server, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        printer = EscposPrinter(PrinterSettings(f"tcp://127.0.0.1:{port}"), times=short_times)
        assert isinstance(printer.print(RECEIPT), NotSent)
        thread.join()


def _answer_like_a_web_server(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_an_impossible_address_is_said_to_be_unreachable(short_times):
    printer = EscposPrinter(PrinterSettings("tcp://till..invalid"), times=short_times)
    assert not printer.status().reachable


def test_a_misspelt_printer_model_prints_nothing_and_says_so(driver, virtual_printer):
    outcome = driver(profile="TM-T88Z").print(RECEIPT)
    assert isinstance(outcome, NotSent)
    assert "TM-T88Z" in outcome.reason
    assert virtual_printer.receipts == []


def test_two_jobs_at_once_take_turns(virtual_printer, short_times):
    settings = PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}")
    printer = EscposPrinter(settings, times=short_times)
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(printer.print(LONG))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [Printed()] * 4
    assert {receipt.text for receipt in virtual_printer.receipts} == {virtual_printer.receipts[0].text}


def test_whoever_finds_the_device_busy_is_told_to_try_again(transport):
    with transport.open(), pytest.raises(NotReachable, match="is busy"), transport.open():
        pass


def test_opening_the_drawer_sends_exactly_one_pulse(virtual_printer, transport):
    drawer = PrinterPulseDrawer(transport, PulseSettings(pin=1, on_ms=120, off_ms=240))
    assert drawer.open() == Pulsed()
    (pulse,) = virtual_printer.wait_for_pulses(1)
    assert (pulse.pin, pulse.on_ms, pulse.off_ms) == (1, 120, 240)


def test_a_drawer_on_a_printer_that_is_gone_is_opened_by_key(virtual_printer, transport):
    virtual_printer.go_away()
    outcome = PrinterPulseDrawer(transport).open()
    assert isinstance(outcome, NotPulsed)
    assert outcome.reason.endswith("Open the drawer with its key.")


def test_a_printer_out_of_paper_opens_the_drawer_now_and_not_when_the_roll_is_changed(
    virtual_printer, transport
):
    virtual_printer.set_paper("out")
    outcome = PrinterPulseDrawer(transport).open()
    assert outcome == PulseUncertain(
        "The receipt printer has stopped. Open the drawer with its key if it is shut."
    )
    assert len(virtual_printer.wait_for_pulses(1)) == 1
    virtual_printer.set_paper("ok")
    virtual_printer.tear_off()
    assert len(virtual_printer.pulses) == 1


def test_a_drawer_on_a_printer_that_never_answers_is_opened_all_the_same(virtual_printer, transport):
    virtual_printer.set_silent(True)
    assert PrinterPulseDrawer(transport, PulseSettings(answer_timeout_s=0.05)).open() == Pulsed()
    assert len(virtual_printer.wait_for_pulses(1)) == 1


def test_a_drawer_whose_printer_hangs_up_gets_no_second_pulse(virtual_printer, transport):
    virtual_printer.hang_up_after(1)
    assert isinstance(PrinterPulseDrawer(transport).open(), NotPulsed)
    assert virtual_printer.pulses == []


def test_printing_opens_no_drawer(printer, virtual_printer):
    assert printer.print(RECEIPT) == Printed()
    assert virtual_printer.pulses == []


def test_the_sender_knows_how_much_had_left(virtual_printer, transport):
    virtual_printer.set_cover(is_open=True)
    with transport.open() as channel, pytest.raises(SendFailed) as failure:
        channel.send(b"x" * 50_000_000, timeout_s=0.3)
    assert 0 < failure.value.sent < 50_000_000


def test_a_slow_line_gets_the_time_that_its_receipt_needs():
    """A large logo at 9600 baud takes half a minute; nobody calls that a printer that hangs."""

    class At9600Baud:
        def send(self, data, timeout_s):
            if len(data) / 960 > timeout_s:
                raise SendFailed("The device stopped taking data.", int(timeout_s * 960))

        def receive(self, timeout_s):
            return b""

    assert print_job(At9600Baud(), b"x" * 28_000, "none", DialogueTimes()) == Printed(confirmed=False)
