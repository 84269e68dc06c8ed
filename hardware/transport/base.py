"""The border between a device driver and the wire, which has the same shape for all of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar, Protocol, runtime_checkable

from hardware.status import PrinterStatus
from shared_models.errors import ShopError


class NotReachable(ShopError):
    """No connection, so not one byte has left."""

    code: ClassVar[str] = "device_not_reachable"


class Busy(NotReachable):
    """Somebody else of this till is talking to the device: it is there, and its turn takes long."""

    code: ClassVar[str] = "device_busy"


class SendFailed(ShopError):
    """The connection ended or stalled while sending; `sent` is how many bytes may have left by then, at most."""

    code: ClassVar[str] = "device_send_failed"

    def __init__(self, message: str, sent: int) -> None:
        super().__init__(message, sent=sent)
        self.sent = sent


class Channel(Protocol):
    """An open connection to a device."""

    def send(self, data: bytes, timeout_s: float) -> None:
        """All of `data`, or SendFailed that says how much."""

    def receive(self, timeout_s: float) -> bytes:
        """What has arrived, waiting at most `timeout_s` for the first byte; empty when nothing came.

        Raises SendFailed (with nothing sent) when the connection has ended.
        """


class Transport(Protocol):
    """A way to a device. One channel at a time: others wait, because most printers serve one caller only.

    A channel is opened for each job, so a device that was unplugged and comes back is simply used again.
    """

    @property
    def two_way(self) -> bool:
        """False for a queue or a file: nothing that the device says comes back."""

    @property
    def place(self) -> str:
        """Where the device is, for people."""

    def open(self) -> AbstractContextManager[Channel]:
        """Raises NotReachable."""


@runtime_checkable
class KnowsItsDevice(Protocol):
    """A transport that can tell how the device is without asking it, such as a print queue."""

    def status(self) -> PrinterStatus: ...


@runtime_checkable
class TellsItsPlug(Protocol):
    """A transport that can tell whether something is plugged in without opening it, such as a serial port."""

    @property
    def place(self) -> str: ...

    def is_plugged_in(self) -> bool: ...
