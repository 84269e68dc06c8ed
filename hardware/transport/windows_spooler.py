"""A printer as Windows knows it: raw jobs through its spooler, by pywin32.

Like a CUPS queue it hands no answers back; a job that does not get through in time is taken out of the queue again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import msgspec

from hardware.status import PrinterStatus
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

_LOOK_S = 0.05
# winspool.h
_JOB_CONTROL_DELETE = 5
_JOB_STATUS_ERROR, _JOB_STATUS_PRINTING = 0x0002, 0x0010
_PRINTER_STATUS_PAUSED, _PRINTER_STATUS_ERROR = 0x0001, 0x0002
_PRINTER_STATUS_PAPER_JAM, _PRINTER_STATUS_PAPER_OUT = 0x0008, 0x0010
_PRINTER_STATUS_OFFLINE, _PRINTER_STATUS_NOT_AVAILABLE = 0x0080, 0x1000
_PRINTER_STATUS_DOOR_OPEN = 0x400000
_PRINTER_ATTRIBUTE_WORK_OFFLINE = 0x0400


class WindowsPrinting(Protocol):
    """The part of pywin32's win32print that we use."""

    error: type[Exception]

    def OpenPrinter(self, name: str) -> Any: ...
    def ClosePrinter(self, handle: Any) -> None: ...
    def GetPrinter(self, handle: Any, level: int) -> dict[str, Any]: ...
    def StartDocPrinter(self, handle: Any, level: int, document: tuple[str, None, str]) -> int: ...
    def WritePrinter(self, handle: Any, data: bytes) -> int: ...
    def EndDocPrinter(self, handle: Any) -> None: ...
    def GetJob(self, handle: Any, job: int, level: int) -> dict[str, Any]: ...
    def SetJob(self, handle: Any, job: int, level: int, info: None, command: int) -> None: ...


class WindowsSpoolerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`printer` as the list of printers in Windows shows it."""

    printer: str


class WindowsSpoolerTransport:
    two_way = False

    def __init__(
        self,
        settings: WindowsSpoolerSettings,
        *,
        windows: WindowsPrinting | None = None,
        turn_timeout_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._settings = settings
        self._windows = windows
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        return f"Windows printer {self._settings.printer}"

    @contextmanager
    def open(self) -> Iterator[WindowsSpoolerChannel]:
        with self._turn.taken(), self._handle() as (windows, handle):
            yield WindowsSpoolerChannel(windows, handle, self.place)

    def status(self) -> PrinterStatus:
        """What Windows believes; many drivers never tell it that the paper is out."""
        try:
            with self._handle() as (windows, handle):
                return _status_of(windows.GetPrinter(handle, 2))
        except NotReachable as failure:
            return PrinterStatus(reachable=False, unreachable_because=failure.message)

    @contextmanager
    def _handle(self) -> Iterator[tuple[WindowsPrinting, Any]]:
        windows = self._windows or _pywin32()
        try:
            handle = windows.OpenPrinter(self._settings.printer)
        except windows.error as error:
            raise NotReachable(
                f"Windows knows no printer called '{self._settings.printer}'. Look in its list of printers.",
                place=self.place,
            ) from error
        try:
            yield windows, handle
        finally:
            with suppress(windows.error):  # the printer was removed meanwhile
                windows.ClosePrinter(handle)


class WindowsSpoolerChannel:
    def __init__(self, windows: WindowsPrinting, handle: Any, place: str) -> None:
        self._windows = windows
        self._handle = handle
        self._place = place

    def send(self, data: bytes, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        job = self._queued(data)
        began = False
        while (state := self._state(job)) is not None:
            began = began or bool(state & _JOB_STATUS_PRINTING)
            if state & _JOB_STATUS_ERROR or time.monotonic() > deadline:
                untouched = self._delete(job) and not began
                raise SendFailed(f"The {self._place} does not print.", 0 if untouched else len(data))
            time.sleep(_LOOK_S)

    def receive(self, timeout_s: float) -> bytes:
        """Nothing: the spooler hands no answers back."""
        return b""

    def _queued(self, data: bytes) -> int:
        windows = self._windows
        try:
            job = windows.StartDocPrinter(self._handle, 1, ("Receipt", None, "RAW"))
        except windows.error as error:
            raise SendFailed(f"The {self._place} took no job.", 0) from error
        try:
            windows.WritePrinter(self._handle, data)
            windows.EndDocPrinter(self._handle)
        except windows.error as error:
            self._delete(job)
            raise SendFailed(f"The {self._place} did not take the whole job.", len(data)) from error
        return job

    def _state(self, job: int) -> int | None:
        """Its JOB_STATUS flags; None when it is no longer in the queue."""
        try:
            return int(self._windows.GetJob(self._handle, job, 1)["Status"])
        except self._windows.error:
            return None

    def _delete(self, job: int) -> bool:
        """False where it had left the queue already."""
        try:
            self._windows.SetJob(self._handle, job, 0, None, _JOB_CONTROL_DELETE)
        except self._windows.error:
            return False
        return True


def _status_of(found: dict[str, Any]) -> PrinterStatus:
    flags = int(found["Status"])
    away = _PRINTER_STATUS_OFFLINE | _PRINTER_STATUS_NOT_AVAILABLE
    if flags & away or int(found["Attributes"]) & _PRINTER_ATTRIBUTE_WORK_OFFLINE:
        return PrinterStatus(reachable=False)
    if flags & _PRINTER_STATUS_PAUSED:
        paused = "Windows has paused this printer. Open its queue and let it go on."
        return PrinterStatus(reachable=False, unreachable_because=paused)
    return PrinterStatus(
        reachable=True,
        paper="out" if flags & _PRINTER_STATUS_PAPER_OUT else "unknown",
        cover="open" if flags & _PRINTER_STATUS_DOOR_OPEN else "unknown",
        fault=bool(flags & (_PRINTER_STATUS_ERROR | _PRINTER_STATUS_PAPER_JAM)),
    )


def _pywin32() -> WindowsPrinting:
    try:
        import win32print
    except ImportError as error:
        raise NotReachable(
            "Printing through Windows needs Windows and its package pywin32. Set the printer up another way.",
            place="Windows",
        ) from error
    found: WindowsPrinting = win32print
    return found
