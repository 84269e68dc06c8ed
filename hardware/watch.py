"""Looks at devices that nobody needs just now, so that a lost one is known before a customer waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from hardware.counter_device import CounterDevice
from hardware.status import DeviceReport

_LOST_EVERY_S = 5.0
_STOP_S = 0.5

_log = logging.getLogger(__name__)

OnChange = Callable[[CounterDevice, bool, str], None]


class DeviceWatch:
    """Each watched device on a thread of its own. Loss and return are logged and told once each, on that thread.

    A device counts as lost when it is amiss twice in a row: a single look may fall into another till's job.
    One that is well at the start is not told of. `may_look` says whether a device can be asked just now.
    """

    def __init__(
        self,
        devices: Sequence[CounterDevice],
        on_change: OnChange,
        *,
        may_look: Callable[[CounterDevice], bool] = lambda device: True,
        lost_every_s: float = _LOST_EVERY_S,
    ) -> None:
        self._on_change = on_change
        self._may_look = may_look
        self._lost_every_s = lost_every_s
        self._stopped = threading.Event()
        self._woken = {device.name: threading.Event() for device in devices}
        self._threads = [
            threading.Thread(target=self._run, args=(device,), name=f"watch {device.name}", daemon=True)
            for device in devices
            if device.watch_every_s is not None
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Does not wait for a device that is slow to answer; nothing is told of it any more."""
        self._stopped.set()
        self.look_soon()
        for thread in self._threads:
            thread.join(_STOP_S)

    def look_soon(self) -> None:
        """Somebody found a device amiss. Costs nothing."""
        for woken in self._woken.values():
            woken.set()

    def _run(self, device: CounterDevice) -> None:
        assert device.watch_every_s is not None
        woken, is_lost, is_doubted = self._woken[device.name], False, False
        while not self._stopped.is_set():
            woken.clear()
            if self._may_look(device):
                report = self._look(device)
                is_lost, is_doubted = self._judge(device, report, is_lost, is_doubted)
            woken.wait(self._lost_every_s if is_lost or is_doubted else device.watch_every_s)

    def _look(self, device: CounterDevice) -> DeviceReport:
        try:
            return device.look()
        except Exception:  # noqa: BLE001 - the thread must outlive a driver's bug
            _log.exception("Looking at %s failed", device.name)
            message = f"The till can't talk to {device.name} because of a fault. Tell support."
            return DeviceReport(device.name, device.kind, device.place, False, message)

    def _judge(
        self, device: CounterDevice, report: DeviceReport, is_lost: bool, is_doubted: bool
    ) -> tuple[bool, bool]:
        if report.works:
            if is_lost:
                self._tell(device, True, f"{device.name} is back. {report.message}")
            return False, False
        if not is_lost and is_doubted:
            self._tell(device, False, report.message)
            return True, False
        return is_lost, not is_lost

    def _tell(self, device: CounterDevice, is_back: bool, message: str) -> None:
        if self._stopped.is_set():
            return
        _log.log(logging.INFO if is_back else logging.WARNING, "%s: %s", device.name, message)
        self._on_change(device, is_back, message)
