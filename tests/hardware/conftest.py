"""A virtual printer on a real port, and a driver that talks to it."""

import pytest

from hardware.printers.escpos_dialogue import DialogueTimes
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.transport.tcp import TcpTransport

SHORT_TIMES = DialogueTimes(answer_s=1.0, send_s=1.0, confirm_s=1.0, look_again_s=0.05)


@pytest.fixture
def virtual_printer():
    with VirtualPrinter(port=0) as printer:
        yield printer


@pytest.fixture
def transport(virtual_printer):
    return TcpTransport("127.0.0.1", virtual_printer.port, connect_timeout_s=1.0, turn_timeout_s=0.2)


@pytest.fixture
def short_times():
    return SHORT_TIMES


@pytest.fixture
def driver(virtual_printer, transport):
    """Makes a driver for the virtual printer, with other settings if need be."""

    def make(**settings):
        chosen = PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}", **settings)
        return EscposPrinter(chosen, transport, SHORT_TIMES)

    return make


@pytest.fixture
def printer(driver):
    return driver()
