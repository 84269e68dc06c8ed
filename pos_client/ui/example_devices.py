"""An example counter's devices, without devices: what screenshots and tests of the devices page are taken of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event

from hardware.counter_device import CounterDevice, DeviceTest, HandTest, Tried
from hardware.status import DeviceReport
from pos_client.ui.example_shop import OFFERS
from shared_models.catalogue import Offer


class ShownDesk:
    """A counter's devices without devices: two are well, a printer wants paper, and a scanner is gone."""

    def __init__(self) -> None:
        self.saved: list[Sequence[DeviceReport]] = []

    def devices(self) -> Sequence[CounterDevice]:
        return [
            CounterDevice(
                report.name,
                report.kind,
                report.place,
                partial(_same, report),
                _TESTS.get(report.kind, ()) if report.place else (),
                () if report.place else _BY_HAND.get(report.kind, ()),
            )
            for report in DEVICE_REPORTS
        ]

    def save_report(self, reports: Sequence[DeviceReport]) -> Path:
        self.saved.append(reports)
        return Path("/var/lib/evertill/device-reports/devices-20261121-141200.txt")


_NETWORK_PRINTER = (
    ("Model", "Epson TM-T20II, TM-T20III, TM-T20IV, TM-T82 (epson-tm-t20)"),
    ("Columns", "48"),
    ("Answers when asked", "yes"),
)
DEVICE_REPORTS = (
    DeviceReport(
        "Receipt printer",
        "printer",
        "192.168.1.50 port 9100",
        False,
        "Printer is out of paper. Put in a roll and press Print again.",
        (*_NETWORK_PRINTER, ("Paper", "used up"), ("Cover", "closed")),
    ),
    DeviceReport(
        "Second printer",
        "printer",
        "USB 04b8:0202",
        True,
        "Printer is ready.",
        (*_NETWORK_PRINTER, ("Paper", "there"), ("Cover", "closed")),
    ),
    DeviceReport(
        "Cash drawer",
        "drawer",
        "",
        True,
        "Opened by a pulse from the receipt printer. It says that it is closed.",
        (("Says whether it is open", "yes"),),
    ),
    DeviceReport(
        "Keyboard scanner",
        "scanner",
        "",
        True,
        "A scanner that types like a keyboard may be used. Scan something to try it.",
        (("Known by", "keys at most 38 ms apart"), ("Shortest code", "3 characters")),
    ),
    DeviceReport(
        "Scanner",
        "scanner",
        "serial port /dev/ttyACM0",
        False,
        "Nothing answers at serial port /dev/ttyACM0. Switch the device on, check its cable and its address.",
        (("Kind", "with a line of its own"),),
    ),
    DeviceReport(
        "Card terminal",
        "card_terminal",
        "192.168.1.60 port 20007",
        True,
        "Card terminal is ready.",
        (("Can be reached", "yes"),),
    ),
)


class ShownLabels:
    """A label printer that prints at once, and a shop where two prices changed."""

    def by_scan(self, text: str) -> Offer | None:
        return None

    def search(self, text: str) -> tuple[Offer, ...]:
        wanted = text.casefold()
        return tuple(found for found in OFFERS if wanted in found.product.name.casefold())

    def changed_since(self, days_ago: int) -> tuple[Offer, ...]:
        return OFFERS[:2]

    def print(self, wanted: Sequence[tuple[Offer, int]]) -> Tried:
        return Tried(True, "Labels printed.")


def _same(report: DeviceReport) -> DeviceReport:
    return report


def _prints(stop: Event) -> Tried:
    return Tried(
        True, "The test page is printed. Look at it: every line is to be read, and the paper is cut."
    )


def _scans(stop: Event) -> Tried:
    return Tried(False, "No scan came from this scanner. Check that its beam is on and its cable is in.")


_TESTS = {
    "printer": (DeviceTest("Print a test page", "Printing a test page…", _prints),),
    "scanner": (DeviceTest("Try a scan", "Scan something with this scanner now.", _scans),),
}
_BY_HAND = {
    "drawer": (HandTest("open_drawer", "Open the drawer"),),
    "scanner": (HandTest("scan_by_keys", "Try a scan"),),
}
