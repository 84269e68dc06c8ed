"""Talking to devices away from the window's thread: what comes of it arrives as signals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from hardware.counter_device import CounterDevice, DeviceTest, Tried
from hardware.status import DeviceReport
from pos_client.ui.wording import tr
from shared_models.errors import ShopError

_log = logging.getLogger(__name__)


class NothingToReport(ShopError):
    code = "nothing_to_report"


class DeviceDesk(Protocol):
    def devices(self) -> Sequence[CounterDevice]:
        """Empty until the till has got round to them."""

    def save_report(self, reports: Sequence[DeviceReport]) -> Path:
        """Where the report lies; raises ShopError."""


class NoDevices:
    """A till that has none, or not yet."""

    def devices(self) -> Sequence[CounterDevice]:
        return ()

    def save_report(self, reports: Sequence[DeviceReport]) -> Path:
        raise NothingToReport("No device has been looked at yet. Try again in a moment.")


class DeviceTalk(QObject):
    """A device that is slow to answer holds up neither the window nor the others; `leave` ends a test that waits."""

    looked = Signal(int, object)
    """The device's place in the list, and its DeviceReport."""
    tried = Signal(int, object)
    """The device's place in the list, and what was Tried."""
    saved = Signal(object)
    """What was Tried: where the report lies."""

    def __init__(self, desk: DeviceDesk) -> None:
        super().__init__()
        self._desk = desk
        self.devices = tuple(desk.devices())
        self._left = threading.Event()

    def look(self) -> None:
        for at, device in enumerate(self.devices):
            self._apart(partial(self._look_at, at, device))

    def try_out(self, at: int, test: DeviceTest) -> None:
        self._apart(lambda: self.tried.emit(at, _tried(test, self._left)))

    def save(self, reports: Sequence[DeviceReport]) -> None:
        self._apart(lambda: self.saved.emit(self._saved(reports)))

    def leave(self) -> None:
        self._left.set()

    def _look_at(self, at: int, device: CounterDevice) -> None:
        self.looked.emit(at, _looked(device))

    def _saved(self, reports: Sequence[DeviceReport]) -> Tried:
        try:
            return Tried(True, tr("The report is in {file}").format(file=self._desk.save_report(reports)))
        except ShopError as reason:
            return Tried(False, reason.message)

    def _apart(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="devices page", daemon=True).start()


def _looked(device: CounterDevice) -> DeviceReport:
    try:
        return device.look()
    except Exception:  # noqa: BLE001 - a driver's bug must not leave the page asking for ever
        _log.exception("Looking at %s failed", device.name)
        return DeviceReport(device.name, device.kind, device.place, False, _fault())


def _tried(test: DeviceTest, stop: threading.Event) -> Tried:
    try:
        return test.run(stop)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("%s failed", test.text)
        return Tried(False, _fault())


def _fault() -> str:
    return tr("The till can't talk to this device because of a fault. Tell support.")
