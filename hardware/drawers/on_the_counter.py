"""The cash drawer as a device of a counter. It is opened by the till alone, with a reason in the journal."""

from __future__ import annotations

from hardware.counter_device import CounterDevice, HandTest
from hardware.drawers.base import CashDrawer
from hardware.drawers.direct_trigger import DirectTriggerDrawer
from hardware.registry import Devices, DeviceSettings
from hardware.status import DeviceReport

KIND = "drawer"
_NAME = "Cash drawer"
_WATCH_S = 30.0


def drawers_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    drawer = devices.drawer
    if drawer is None:
        return [CounterDevice(_NAME, KIND, "", _nothing)]
    place = drawer.place if isinstance(drawer, DirectTriggerDrawer) else ""
    watch_s = _WATCH_S if place else None
    by_hand = (HandTest("open_drawer", "Open the drawer"),)
    return [
        CounterDevice(_NAME, KIND, place, lambda: _report(drawer), by_hand=by_hand, watch_every_s=watch_s)
    ]


def _nothing() -> DeviceReport:
    return DeviceReport(_NAME, KIND, "", False, "No drawer is set up. Open it with its key.")


def _report(drawer: CashDrawer) -> DeviceReport:
    state = drawer.state()
    feels = "It can't say whether it is open." if state == "unknown" else f"It says that it is {state}."
    facts = (("Says whether it is open", "no" if state == "unknown" else "yes"),)
    if not isinstance(drawer, DirectTriggerDrawer):
        message = f"Opened by a pulse from the receipt printer. {feels}"
        return DeviceReport(_NAME, KIND, "", True, message, facts)
    trouble = drawer.trouble()
    message = trouble or f"Opened by a trigger of its own. {feels}"
    return DeviceReport(_NAME, KIND, drawer.place, not trouble, message, facts)
