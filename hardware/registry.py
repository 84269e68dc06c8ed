"""The devices that a till is set up with, and the drivers made for them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import msgspec

from hardware.displays.address import display_at
from hardware.displays.second_screen import SecondScreen
from hardware.displays.wired import WiredDisplay
from hardware.drawers.base import CashDrawer
from hardware.drawers.direct_trigger import DirectTriggerDrawer, TriggerSettings
from hardware.drawers.printer_pulse import PrinterPulseDrawer, PulseSettings
from hardware.labels.address import PrintsLabels, label_printer_at
from hardware.labels.label_printer import DEFAULT_ROLL
from hardware.printers.base import ReceiptPrinter
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.failover import FailoverPrinter
from hardware.printers.page_printer import DesktopPrinter, PdfPrinter
from hardware.scales.address import scale_at
from hardware.scales.base import Scale
from hardware.scanners.counter import CounterScanners
from hardware.scanners.wedge import WedgeSettings
from hardware.terminals.address import terminal_at
from hardware.terminals.base import CardTerminal


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on one till's counter; None where there is nothing.

    A drawer hangs on the printer or has a trigger of its own. `card_terminal`, `scanners`, `scale` and `display`
    are addresses, see `address` in `hardware.terminals`, `hardware.scanners`, `hardware.scales` and
    `hardware.displays`. `second_screen` is 'auto', a monitor's name or 'window'. `label_printer` is an address as in
    `hardware.labels.address`, and `label_roll` the size of its labels.
    """

    printer: PrinterSettings | None = None
    drawer: PulseSettings | TriggerSettings | None = None
    wedge: WedgeSettings | None = WedgeSettings()
    card_terminal: str = ""
    scanners: tuple[str, ...] = ()
    second_printer: PrinterSettings | None = None
    scale: str = ""
    display: str = ""
    second_screen: str = ""
    label_printer: str = ""
    label_roll: str = DEFAULT_ROLL


class Devices(msgspec.Struct, frozen=True):
    """`printer` is what receipts go to; `printers` are the one or two that it is made of."""

    printer: ReceiptPrinter | None
    drawer: CashDrawer | None
    printers: tuple[ReceiptPrinter, ...]
    scanners: CounterScanners
    card_terminal: CardTerminal | None
    scale: Scale | None = None
    display: WiredDisplay | None = None
    second_screen: SecondScreen | None = None
    label_printer: PrintsLabels | None = None


def connected(settings: DeviceSettings) -> Devices:
    """Makes the drivers; talks to no device yet. Raises BadAddress, BadTrigger and BadRoll.

    Printer and drawer share one way to the device, so that neither talks into the other's job.
    """
    printers = _printers(settings)
    return Devices(
        printer=FailoverPrinter(*printers) if len(printers) == 2 else next(iter(printers), None),
        drawer=_drawer(settings.drawer, next(iter(printers), None)),
        printers=printers,
        scanners=CounterScanners(settings.scanners),
        card_terminal=terminal_at(settings.card_terminal) if settings.card_terminal else None,
        scale=scale_at(settings.scale) if settings.scale else None,
        display=display_at(settings.display) if settings.display else None,
        second_screen=SecondScreen(settings.second_screen) if settings.second_screen else None,
        label_printer=(
            label_printer_at(settings.label_printer, settings.label_roll) if settings.label_printer else None
        ),
    )


def _printers(settings: DeviceSettings) -> tuple[ReceiptPrinter, ...]:
    """A second one only beside a first."""
    if settings.printer is None:
        return ()
    set_up = (settings.printer, settings.second_printer)
    return tuple(printer_at(chosen) for chosen in set_up if chosen is not None)


def printer_at(settings: PrinterSettings) -> ReceiptPrinter:
    """By its address: pdf:///folder files pages, desktop://queue is an office printer, all others speak ESC/POS."""
    kind, _, rest = settings.address.partition("://")
    if kind == "pdf" and rest.startswith("/") and len(rest) > 1:
        return PdfPrinter(Path(unquote(rest)), settings.name)
    if kind == "desktop" and rest and "/" not in rest:
        return DesktopPrinter(unquote(rest), settings.name)
    return EscposPrinter(settings)


def _drawer(
    settings: PulseSettings | TriggerSettings | None, printer: ReceiptPrinter | None
) -> CashDrawer | None:
    match settings:
        case TriggerSettings():
            return DirectTriggerDrawer(settings)
        case PulseSettings() if isinstance(printer, EscposPrinter):
            return PrinterPulseDrawer(printer.transport, settings, half_sent=printer.half_sent)
        case _:
            return None
