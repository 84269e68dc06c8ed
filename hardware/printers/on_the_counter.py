"""Receipt printers as devices of a counter: what they answer, and a test page."""

from __future__ import annotations

import threading

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.escpos.profile import UnknownPrinterProfile, profile_named
from hardware.printers.base import NotSent, Printed, ReceiptPrinter
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.receipt_document import Barcode, Blank, Cut, QrCode, ReceiptDocument, Rule, Text
from hardware.registry import Devices, DeviceSettings
from hardware.status import DeviceReport, PrinterStatus

KIND = "printer"
_NONE = "No printer is set up. Receipts are kept and can be printed later."
_WATCH_S = 30.0
_PAPER = {"ok": "there", "near_end": "nearly used up", "out": "used up"}


def printers_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    set_up = (settings.printer, settings.second_printer)
    there = [
        _device(printer, chosen)
        for printer, chosen in zip(devices.printers, filter(None, set_up), strict=True)
    ]
    return there or [CounterDevice("Receipt printer", KIND, "", _nothing)]


def test_page(printer: ReceiptPrinter, model: str) -> ReceiptDocument:
    """Every kind of thing that a receipt has on it: letters of several scripts, bars, a QR code, the knife."""
    return ReceiptDocument(
        (
            Text("Test page", align="center", bold=True, double_height=True),
            Text(f"{printer.name} at {printer.place}", align="center"),
            Text(model, align="center"),
            Rule(),
            Text("0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz"),
            Text("ÄÖÜäöüß ÀÉÈÊàéèê ÑñÇç ÅåØø € £ ¥ Ελληνικά Кириллица"),
            Text("Bold", bold=True),
            Text("Underlined", underline=True),
            Blank(),
            Barcode("ean13", "4006381333931"),
            QrCode(b"Test page"),
            Text("All of this is to be read, and the paper is cut below.", align="center"),
            Cut(),
        )
    )


def _device(printer: ReceiptPrinter, settings: PrinterSettings) -> CounterDevice:
    def look() -> DeviceReport:
        return _report(printer, settings)

    def print_page(_stop: threading.Event) -> Tried:
        return _print_page(printer, settings)

    test = DeviceTest("Print a test page", "Printing a test page…", print_page)
    return CounterDevice(printer.name, KIND, printer.place, look, (test,), watch_every_s=_WATCH_S)


def _nothing() -> DeviceReport:
    return DeviceReport("Receipt printer", KIND, "", False, _NONE)


def _report(printer: ReceiptPrinter, settings: PrinterSettings) -> DeviceReport:
    try:
        facts = _model_facts(printer, settings)
    except UnknownPrinterProfile as unknown:
        return DeviceReport(printer.name, KIND, printer.place, False, unknown.message)
    status = printer.status()
    facts += _status_facts(status)
    return DeviceReport(printer.name, KIND, printer.place, status.can_print, status.message, facts)


def _model_facts(printer: ReceiptPrinter, settings: PrinterSettings) -> tuple[tuple[str, str], ...]:
    if not isinstance(printer, EscposPrinter):
        return (("Model", "Pages, as an office printer takes them"),)
    profile = profile_named(settings.profile)
    return (("Model", f"{profile.title} ({settings.profile})"), ("Columns", str(profile.columns)))


def _status_facts(status: PrinterStatus) -> tuple[tuple[str, str], ...]:
    facts = [("Answers when asked", "yes" if status.answers else "no")]
    if status.paper in _PAPER:
        facts.append(("Paper", _PAPER[status.paper]))
    if status.cover != "unknown":
        facts.append(("Cover", status.cover))
    return tuple(facts)


def _print_page(printer: ReceiptPrinter, settings: PrinterSettings) -> Tried:
    outcome = printer.print(test_page(printer, settings.profile))
    if isinstance(outcome, NotSent):
        return Tried(False, outcome.reason)
    if isinstance(outcome, Printed):
        done = "The test page is printed." if outcome.confirmed else "The test page was sent."
        return Tried(True, f"{done} Look at it: every line is to be read, and the paper is cut.")
    return Tried(False, outcome.reason)
