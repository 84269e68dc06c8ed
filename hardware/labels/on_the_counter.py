"""The label printer as a device of a counter: what it answers, and a test label."""

from __future__ import annotations

import threading

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.labels.address import PrintsLabels
from hardware.labels.label_printer import NAME, of_labels
from hardware.printers.base import Printed
from hardware.registry import Devices, DeviceSettings
from hardware.status import DeviceReport
from shared_models.labels.label import Label

KIND = "label_printer"
_WATCH_S = 60.0
_TRIAL = Label(name="Test label ÄÖÜ éñ", price_minor=1234, currency="EUR", code="04006381333931", sku="TEST")


def label_printers_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    """None where labels are printed at head office."""
    printer = devices.label_printer
    if printer is None:
        return []
    test = DeviceTest("Print a test label", "Printing a test label…", lambda stop: _tried(printer, stop))
    return [
        CounterDevice(NAME, KIND, printer.place, lambda: _report(printer), (test,), watch_every_s=_WATCH_S)
    ]


def _report(printer: PrintsLabels) -> DeviceReport:
    status = printer.status()
    facts = (*printer.facts, ("Answers when asked", "yes" if status.answers else "no"))
    return DeviceReport(NAME, KIND, printer.place, status.can_print, of_labels(status.message), facts)


def _tried(printer: PrintsLabels, _stop: threading.Event) -> Tried:
    outcome = printer.print([_TRIAL])
    if isinstance(outcome, Printed):
        return Tried(True, "The test label was sent. Are its letters and its price whole, and its bars read?")
    return Tried(False, outcome.reason)
