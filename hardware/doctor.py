"""Asks every device how it is, and says it in sentences that can be read out on the telephone."""

from __future__ import annotations

from hardware.device_kinds import counter_devices
from hardware.registry import DeviceSettings, connected
from hardware.status import DeviceReport
from shared_models.errors import ShopError


def examine(settings: DeviceSettings) -> list[DeviceReport]:
    """One report a device; takes as long as all need to answer, prints nothing and opens no drawer."""
    try:
        devices = connected(settings)
    except ShopError as bad:  # an address or a trigger that is none
        return [DeviceReport("Device set-up", "set_up", "", False, bad.message)]
    return [device.look() for device in counter_devices(settings, devices)]


def sentences(reports: list[DeviceReport]) -> list[str]:
    return [
        f"{'OK     ' if report.works else 'PROBLEM'}  {report.name}{_at(report.place)}: {report.message}"
        for report in reports
    ]


def lines(reports: list[DeviceReport]) -> list[str]:
    """The sentences, with what else is known of each device beneath; the devices page shows the same."""
    return [
        line
        for report, sentence in zip(reports, sentences(reports), strict=True)
        for line in (sentence, *(f"         {name}: {value}" for name, value in report.facts))
    ]


def _at(place: str) -> str:
    return f" at {place}" if place else ""
