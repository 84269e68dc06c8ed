"""What stands on this till's counter, by its settings: what the drivers are made of."""

from __future__ import annotations

import msgspec

from hardware.drawers.direct_trigger import TriggerSettings
from hardware.drawers.printer_pulse import PulseSettings
from hardware.printers.escpos_printer import PrinterSettings
from hardware.registry import DeviceSettings
from hardware.scanners.address import scanners_at
from pos_client.settings import VIRTUAL, TillSettings


def devices_of(settings: TillSettings, virtual_port: int | None = None) -> DeviceSettings:
    address = f"tcp://127.0.0.1:{virtual_port}" if virtual_port else settings.printer
    terminal = "" if settings.terminal == VIRTUAL else settings.terminal
    scale = "" if settings.scale == VIRTUAL else settings.scale
    label_printer = "" if settings.label_printer == VIRTUAL else settings.label_printer
    scanners = scanners_at(settings.scanners)
    there = DeviceSettings(
        wedge=scanners.wedge,
        scanners=scanners.wired,
        card_terminal=terminal,
        scale=scale,
        display=settings.display,
        second_screen=settings.second_screen,
        label_printer=label_printer,
        label_roll=settings.label_roll,
        drawer=_trigger_of(settings),
    )
    if not address or address == VIRTUAL:
        return there
    return msgspec.structs.replace(
        there,
        printer=PrinterSettings(address, settings.printer_profile),
        drawer=there.drawer
        or msgspec.convert({"type": "pulse", "sensor": settings.drawer_sensor}, PulseSettings),
        second_printer=_second_printer_of(settings),
    )


def _second_printer_of(settings: TillSettings) -> PrinterSettings | None:
    if not settings.second_printer:
        return None
    profile = settings.second_printer_profile or settings.printer_profile
    return PrinterSettings(settings.second_printer, profile, name="Second printer")


def _trigger_of(settings: TillSettings) -> TriggerSettings | None:
    return TriggerSettings(settings.drawer, settings.drawer_trigger) if settings.drawer else None
