"""The till's devices as a person asks for them: the devices page, the watch over them, and support's report."""

from __future__ import annotations

import platform
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from hardware.counter_device import CounterDevice
from hardware.device_report import report_text
from hardware.status import DeviceReport
from hardware.watch import DeviceWatch
from pos_client.till.ports import Clock
from shared_models.errors import ShopError
from shared_models.moment import Moment

_KEPT_CHANGES = 200
_PRINTER = "printer"


class ReportNotSaved(ShopError):
    code = "device_report_not_saved"


class DeviceDesk:
    """`on_change` and `on_printers` are called on the devices' threads: with what was lost or is back, and with
    whether any printer prints and what is wrong with the others."""

    def __init__(self, store_id: str, till_id: str, app: str, folder: Path, clock: Clock) -> None:
        self._heading = (("Store", store_id), ("Till", till_id), ("Program", app))
        self._folder = folder
        self._clock = clock
        self._devices: tuple[CounterDevice, ...] = ()
        self._watch: DeviceWatch | None = None
        self._changes: deque[str] = deque(maxlen=_KEPT_CHANGES)
        self._lost_printers: dict[str, str] = {}
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None
        self.on_printers: Callable[[bool, str], None] = lambda any_prints, message: None

    def start(
        self,
        devices: Sequence[CounterDevice],
        may_look: Callable[[CounterDevice], bool] = lambda device: True,
    ) -> None:
        self._devices = tuple(devices)
        self._watch = DeviceWatch(self._devices, self._hear_watch, may_look=may_look)
        self._watch.start()

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    def devices(self) -> tuple[CounterDevice, ...]:
        """Empty until the till has got round to them."""
        return self._devices

    def look_soon(self) -> None:
        if self._watch is not None:
            self._watch.look_soon()

    def hear(self, is_there: bool, message: str) -> None:
        """From devices that watch themselves."""
        at = self._clock.now()
        self._changes.append(f"   {_time(at)} {'found' if is_there else 'LOST '} {message}")
        self.on_change(is_there, message)

    def report(self, reports: Sequence[DeviceReport]) -> str:
        heading = (*self._heading, ("Made", _time(self._clock.now())), *machine_facts())
        return report_text(heading, reports, tuple(self._changes))

    def save_report(self, reports: Sequence[DeviceReport]) -> Path:
        """Raises ReportNotSaved."""
        name = self._clock.now().local().strftime("devices-%Y%m%d-%H%M%S.txt")
        path = self._folder / name
        write_report(path, self.report(reports))
        return path

    def _hear_watch(self, device: CounterDevice, is_back: bool, message: str) -> None:
        if device.kind == _PRINTER:
            self._hear_printer(device, is_back, message)
        self.hear(is_back, message if is_back else f"{device.name}: {message}")

    def _hear_printer(self, device: CounterDevice, is_back: bool, message: str) -> None:
        if is_back:
            self._lost_printers.pop(device.name, None)
        else:
            self._lost_printers[device.name] = message
        printers = sum(each.kind == _PRINTER for each in self._devices)
        lost = tuple(self._lost_printers.values())
        self.on_printers(len(lost) < printers, lost[0] if lost else "")


def machine_facts() -> tuple[tuple[str, str], ...]:
    return (("Machine", platform.platform(terse=True)), ("Python", sys.version.split()[0]))


def write_report(path: Path, text: str) -> None:
    """Raises ReportNotSaved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as failure:
        raise ReportNotSaved(
            f"The report can't be saved at {path} ({failure.strerror}). Free some space, or name another place."
        ) from failure


def _time(moment: Moment) -> str:
    return moment.local().strftime("%Y-%m-%d %H:%M:%S")
