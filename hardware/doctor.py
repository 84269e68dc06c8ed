"""Asks every device how it is, and says it in sentences that can be read out on the telephone."""

from __future__ import annotations

from hardware.drawers.direct_trigger import DirectTriggerDrawer
from hardware.escpos.profile import UnknownPrinterProfile, profile_named
from hardware.registry import DeviceSettings, connected, printer_of
from hardware.scanners.address import scanner_at
from hardware.scanners.wedge import WedgeSettings
from hardware.status import DeviceReport
from hardware.terminals.address import terminal_at
from hardware.transport.address import BadAddress
from shared_models.errors import ShopError


def examine(settings: DeviceSettings) -> list[DeviceReport]:
    """One report a device; takes as long as the slowest to answer, prints nothing and opens no drawer."""
    return [_printer(settings), _drawer(settings), *_scanners(settings), *_card_terminal(settings)]


def sentences(reports: list[DeviceReport]) -> list[str]:
    return [
        f"{'OK     ' if report.works else 'PROBLEM'}  {report.name}{_at(report.place)}: {report.message}"
        for report in reports
    ]


def _at(place: str) -> str:
    return f" at {place}" if place else ""


def _printer(settings: DeviceSettings) -> DeviceReport:
    try:
        printer = printer_of(settings)
    except BadAddress as bad:
        return DeviceReport("Receipt printer", "printer", "", False, bad.message)
    if printer is None or settings.printer is None:
        message = "No printer is set up. Receipts are kept and can be printed later."
        return DeviceReport("Receipt printer", "printer", "", False, message)
    try:
        profile_named(settings.printer.profile)
    except UnknownPrinterProfile as unknown:
        return DeviceReport(printer.name, "printer", printer.place, False, unknown.message)
    status = printer.status()
    return DeviceReport(printer.name, "printer", printer.place, status.can_print, status.message)


def _drawer(settings: DeviceSettings) -> DeviceReport:
    try:
        drawer = connected(settings).drawer
    except ShopError as bad:  # an address or a trigger that is none
        return DeviceReport("Cash drawer", "drawer", "", False, bad.message)
    if drawer is None:
        message = "No drawer is set up. Open it with its key."
        return DeviceReport("Cash drawer", "drawer", "", False, message)
    state = drawer.state()
    feels = "It can't say whether it is open." if state == "unknown" else f"It says that it is {state}."
    if isinstance(drawer, DirectTriggerDrawer):
        message = f"Opened by a trigger of its own. {feels}"
        return DeviceReport("Cash drawer", "drawer", drawer.place, True, message)
    message = f"Opened by a pulse from the receipt printer. {feels}"
    return DeviceReport("Cash drawer", "drawer", "", True, message)


def _scanners(settings: DeviceSettings) -> list[DeviceReport]:
    wired = [_wired_scanner(address) for address in settings.scanners]
    return wired if wired and settings.wedge is None else [_wedge(settings.wedge), *wired]


def _wired_scanner(address: str) -> DeviceReport:
    try:
        scanner = scanner_at(address)
    except BadAddress as bad:
        return DeviceReport("Scanner", "scanner", "", False, bad.message)
    trouble = scanner.trouble()
    message = trouble or "Scanner is plugged in. Scan something at the till to try it."
    return DeviceReport("Scanner", "scanner", scanner.place, not trouble, message)


def _wedge(wedge: WedgeSettings | None) -> DeviceReport:
    if wedge is None:
        message = "Keyboard scanners are switched off. Type the number instead."
        return DeviceReport("Scanner", "scanner", "", False, message)
    message = (
        f"A scanner that types like a keyboard is recognised by keys at most {wedge.max_gap_ms} ms apart, "
        f"from {wedge.burst_keys} characters on. Scan something to try it."
    )
    return DeviceReport("Scanner", "scanner", "", True, message)


def _card_terminal(settings: DeviceSettings) -> list[DeviceReport]:
    """Nothing where a till takes no cards."""
    name = "Card terminal"
    if not settings.card_terminal:
        return []
    try:
        terminal = terminal_at(settings.card_terminal)
    except BadAddress as bad:
        return [DeviceReport(name, "card_terminal", "", False, bad.message)]
    status = terminal.status()
    return [DeviceReport(name, "card_terminal", terminal.place, status.ready, status.message)]
