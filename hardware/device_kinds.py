"""The kinds of devices that a counter may have. A new kind is a function in its own folder, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from hardware.counter_device import CounterDevice
from hardware.displays.on_the_counter import displays_on_the_counter
from hardware.drawers.on_the_counter import drawers_on_the_counter
from hardware.labels.on_the_counter import label_printers_on_the_counter
from hardware.printers.on_the_counter import printers_on_the_counter
from hardware.registry import Devices, DeviceSettings
from hardware.scales.on_the_counter import scales_on_the_counter
from hardware.scanners.on_the_counter import scanners_on_the_counter
from hardware.terminals.on_the_counter import terminals_on_the_counter

KINDS: tuple[Callable[[DeviceSettings, Devices], list[CounterDevice]], ...] = (
    printers_on_the_counter,
    drawers_on_the_counter,
    scanners_on_the_counter,
    scales_on_the_counter,
    displays_on_the_counter,
    label_printers_on_the_counter,
    terminals_on_the_counter,
)


def counter_devices(settings: DeviceSettings, devices: Devices) -> tuple[CounterDevice, ...]:
    """All that stands on the counter, and a word for what it should have and has not."""
    return tuple(device for of_kind in KINDS for device in of_kind(settings, devices))
