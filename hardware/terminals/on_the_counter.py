"""The card terminal as a device of a counter."""

from __future__ import annotations

from hardware.counter_device import CounterDevice
from hardware.registry import Devices, DeviceSettings
from hardware.status import DeviceReport
from hardware.terminals.base import CardTerminal

KIND = "card_terminal"
_NAME = "Card terminal"
_WATCH_S = 300.0


def terminals_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    """None where a till takes no cards."""
    terminal = devices.card_terminal
    if terminal is None:
        return []
    return [CounterDevice(_NAME, KIND, terminal.place, lambda: _report(terminal), watch_every_s=_WATCH_S)]


def _report(terminal: CardTerminal) -> DeviceReport:
    status = terminal.status()
    facts = (("Can be reached", "yes" if status.reachable else "no"),)
    return DeviceReport(_NAME, KIND, terminal.place, status.ready, status.message, facts)
