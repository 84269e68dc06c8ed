"""The devices that a till is set up with, and the drivers made for them."""

from __future__ import annotations

import msgspec

from hardware.drawers.base import CashDrawer
from hardware.drawers.direct_trigger import DirectTriggerDrawer, TriggerSettings
from hardware.drawers.printer_pulse import PrinterPulseDrawer, PulseSettings
from hardware.printers.base import ReceiptPrinter
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.scanners.wedge import WedgeSettings


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on one till's counter; None where there is nothing.

    A drawer hangs on the printer or has a trigger of its own. `card_terminal` and `scanners` are addresses, see
    `address` in `hardware.terminals` and `hardware.scanners`.
    """

    printer: PrinterSettings | None = None
    drawer: PulseSettings | TriggerSettings | None = None
    wedge: WedgeSettings | None = WedgeSettings()
    card_terminal: str = ""
    scanners: tuple[str, ...] = ()


class Devices(msgspec.Struct, frozen=True):
    printer: ReceiptPrinter | None
    drawer: CashDrawer | None


def connected(settings: DeviceSettings) -> Devices:
    """Makes the drivers; talks to no device yet. Raises BadAddress and BadTrigger."""
    printer = printer_of(settings)
    return Devices(printer, _drawer(settings.drawer, printer))


def printer_of(settings: DeviceSettings) -> EscposPrinter | None:
    """Raises BadAddress."""
    return None if settings.printer is None else EscposPrinter(settings.printer)


def _drawer(
    settings: PulseSettings | TriggerSettings | None, printer: EscposPrinter | None
) -> CashDrawer | None:
    match settings:
        case TriggerSettings():
            return DirectTriggerDrawer(settings)
        case PulseSettings() if printer is not None:
            return PrinterPulseDrawer(printer.transport, settings)
        case _:
            return None
