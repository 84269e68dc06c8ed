"""The line display as a device of a counter: whether it is there, and letters to try it with."""

from __future__ import annotations

import threading

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.displays.base import Facing, TwoLines
from hardware.displays.second_screen import SecondScreen
from hardware.displays.wired import WiredDisplay
from hardware.registry import Devices, DeviceSettings
from hardware.status import DeviceReport

KIND = "customer_display"
SCREEN_KIND = "second_screen"
_NAME, _SCREEN = "Customer display", "Second screen"
_TRIAL = TwoLines(Facing("Evertill", "0123456789"), Facing("äöü ñ é", "€ 1.20"))
_SHOWN_S = 3.0


def displays_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    """A line display, a second screen, both or none."""
    found = []
    if devices.display is not None:
        found.append(_line_display(devices.display))
    if devices.second_screen is not None:
        found.append(_second_screen(devices.second_screen))
    return found


def _line_display(display: WiredDisplay) -> CounterDevice:
    test = DeviceTest(
        "Try the display", "Look at the customer's display now.", lambda stop: _tried(display, stop)
    )
    return CounterDevice(_NAME, KIND, display.place, lambda: _report(display), (test,))


def _second_screen(screen: SecondScreen) -> CounterDevice:
    def look() -> DeviceReport:
        works, message = screen.state()
        return DeviceReport(_SCREEN, SCREEN_KIND, screen.place, works, message)

    return CounterDevice(_SCREEN, SCREEN_KIND, screen.place, look)


def _report(display: WiredDisplay) -> DeviceReport:
    trouble = display.trouble()
    message = trouble or "Customer display can be reached."
    facts = (("Speaks", display.speaks),)
    return DeviceReport(_NAME, KIND, display.place, not trouble, message, facts)


def _tried(display: WiredDisplay, stop: threading.Event) -> Tried:
    before = display.shown
    display.show(_TRIAL)
    stop.wait(_SHOWN_S)
    if display.shown == _TRIAL:
        display.show(before)
    trouble = display.trouble()
    if trouble:
        return Tried(False, trouble)
    return Tried(True, "The display was told to show figures, letters and an amount. Were they right?")
