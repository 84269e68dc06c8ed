"""The devices that a till is set up with, and the drivers made for them."""

from __future__ import annotations

import msgspec

from hardware.drawers.base import CashDrawer
from hardware.drawers.printer_pulse import PrinterPulseDrawer, PulseSettings
from hardware.printers.base import ReceiptPrinter
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.scanners.wedge import WedgeSettings


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on one till's counter; None where there is nothing. The drawer hangs on the printer.

    `card_terminal` and `scanners` are addresses, see `address` in `hardware.terminals` and `hardware.scanners`.
    """

    printer: PrinterSettings | None = None
    drawer: PulseSettings | None = None
    wedge: WedgeSettings | None = WedgeSettings()
    card_terminal: str = ""
    scanners: tuple[str, ...] = ()


class Devices(msgspec.Struct, frozen=True):
    printer: ReceiptPrinter | None
    drawer: CashDrawer | None


def connected(settings: DeviceSettings) -> Devices:
    """Makes the drivers; talks to no device yet. Raises BadAddress."""
    if settings.printer is None:
        return Devices(None, None)
    printer = EscposPrinter(settings.printer)
    drawer = None if settings.drawer is None else PrinterPulseDrawer(printer.transport, settings.drawer)
    return Devices(printer, drawer)
