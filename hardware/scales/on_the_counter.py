"""The scale as a device of a counter: whether it answers, and a weighing to try it."""

from __future__ import annotations

import threading
import time

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.registry import Devices, DeviceSettings
from hardware.scales.base import Reading, Scale, WeighRequest
from hardware.status import DeviceReport
from hardware.transport.base import NotReachable, SendFailed
from shared_models.quantity import format_quantity

KIND = "scale"
_NAME = "Scale"
_WATCH_S = 30.0
_TRY_S = 20.0
_REST_S = 0.2
_TRIAL = WeighRequest(unit_price_minor=100)


def scales_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    """None where weights are typed."""
    scale = devices.scale
    if scale is None:
        return []
    test = DeviceTest("Try to weigh", "Put something on the scale now.", lambda stop: _tried(scale, stop))
    return [CounterDevice(_NAME, KIND, scale.place, lambda: _report(scale), (test,), watch_every_s=_WATCH_S)]


def _report(scale: Scale) -> DeviceReport:
    status = scale.status()
    return DeviceReport(_NAME, KIND, scale.place, status.ready, status.message, (("Speaks", scale.name),))


def _tried(scale: Scale, stop: threading.Event) -> Tried:
    try:
        reading = _weighed(scale, stop)
    except (NotReachable, SendFailed) as gone:
        return Tried(False, gone.message)
    if reading.condition != "stable" or reading.weight is None:
        return Tried(False, reading.message)
    weight = reading.weight
    return Tried(True, f"The scale shows {format_quantity(weight.milli)} {weight.unit}.")


def _weighed(scale: Scale, stop: threading.Event) -> Reading:
    deadline = time.monotonic() + _TRY_S
    with scale.weighing(_TRIAL) as weighing:
        while True:
            reading = weighing.look()
            is_over = time.monotonic() > deadline or not reading.is_answer
            if reading.condition == "stable" or is_over or stop.wait(_REST_S):
                return reading
