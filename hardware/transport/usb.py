"""Receipt printers on USB, spoken to directly: the printer class of USB or a maker's own, by bulk transfers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

_CHUNK = 4096
_PRINTER_CLASS = 0x07
_LOOK_S = 0.01
_NOT_ALLOWED, _BUSY = 13, 16


class UsbSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`serial` tells two printers of one model apart; empty takes the first."""

    vendor: int
    product: int
    serial: str = ""


class UsbTransport:
    two_way = True

    def __init__(
        self, settings: UsbSettings, *, backend: Any = None, turn_timeout_s: float = LONGEST_WAIT_S
    ) -> None:
        """`backend` is one of pyusb's; without it the system's libusb, or the one that libusb-package brings."""
        self._settings = settings
        self._backend = backend
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        serial = f" {self._settings.serial}" if self._settings.serial else ""
        return f"USB {self._settings.vendor:04x}:{self._settings.product:04x}{serial}"

    @contextmanager
    def open(self) -> Iterator[UsbChannel]:
        import usb.util

        with self._turn.taken():
            device = self._found()
            try:
                yield self._claimed(device)
            finally:
                with suppress(OSError):  # unplugged meanwhile, so there is nothing to give back
                    usb.util.dispose_resources(device)

    def _found(self) -> Any:
        import usb.core

        settings = self._settings
        try:
            found = usb.core.find(
                find_all=True,
                backend=self._backend or _libusb(),
                idVendor=settings.vendor,
                idProduct=settings.product,
            )
            for device in found:
                if not settings.serial or device.serial_number == settings.serial:
                    return device
        except (OSError, ValueError, usb.core.NoBackendError) as error:
            raise NotReachable(self._why(error), place=self.place) from error
        raise NotReachable(
            f"No printer is plugged in at {self.place}. Switch it on and check its cable.", place=self.place
        )

    def _claimed(self, device: Any) -> UsbChannel:
        import usb.core
        import usb.util

        try:
            interface = _printer_interface(device)
            number = interface.bInterfaceNumber
            with suppress(NotImplementedError):  # only Linux has a driver to move aside
                if device.is_kernel_driver_active(number):
                    device.detach_kernel_driver(number)
            usb.util.claim_interface(device, number)
            return UsbChannel(
                _endpoint(interface, usb.util.ENDPOINT_OUT),
                _endpoint(interface, usb.util.ENDPOINT_IN),
                self.place,
            )
        except (OSError, LookupError) as error:
            raise NotReachable(self._why(error), place=self.place) from error

    def _why(self, error: Exception) -> str:
        number = getattr(error, "errno", None)
        if number == _NOT_ALLOWED:
            return f"This user may not use {self.place}. Ask whoever set the till up for the right to it."
        if number == _BUSY:
            return f"Another program holds {self.place}. Close it, then print again."
        if isinstance(error, LookupError):
            return f"What is plugged in at {self.place} is no receipt printer. Check the printer's address."
        return f"Nothing answers at {self.place}. Switch the printer off and on and check its cable."


class UsbChannel:
    def __init__(self, way_out: Any, way_in: Any, place: str) -> None:
        self._out = way_out
        self._in = way_in
        self._place = place

    def send(self, data: bytes, timeout_s: float) -> None:
        import usb.core

        deadline = time.monotonic() + timeout_s
        sent = 0
        while sent < len(data):
            chunk = data[sent : sent + _CHUNK]
            try:
                sent += self._out.write(chunk, _milliseconds(deadline - time.monotonic()))
            except usb.core.USBTimeoutError as error:
                raise SendFailed(f"The device at {self._place} stopped taking data.", sent) from error
            except OSError as error:  # how much of the chunk it still took, nobody knows
                raise SendFailed(f"The connection to {self._place} broke.", sent + len(chunk)) from error

    def receive(self, timeout_s: float) -> bytes:
        import usb.core

        if self._in is None:
            return b""
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                received = bytes(self._in.read(_CHUNK, _milliseconds(left_s)))
            except usb.core.USBTimeoutError:
                return b""
            except OSError as error:
                raise SendFailed(f"The connection to {self._place} broke.", 0) from error
            if received:
                return received
            time.sleep(_LOOK_S)  # many printers answer at once that they have nothing to say
        return b""


def _libusb() -> Any:
    import libusb_package

    return libusb_package.get_libusb1_backend()


def _printer_interface(device: Any) -> Any:
    """The interface to print by; raises LookupError when there is none, OSError when it can't be asked."""
    import usb.core
    import usb.util

    try:
        configuration = device.get_active_configuration()
    except usb.core.USBError:  # not configured yet
        device.set_configuration()
        configuration = device.get_active_configuration()
    candidates = [
        interface for interface in configuration if _endpoint(interface, usb.util.ENDPOINT_OUT) is not None
    ]
    if not candidates:
        raise LookupError("no interface with a way out")
    printers = [interface for interface in candidates if interface.bInterfaceClass == _PRINTER_CLASS]
    return (printers or candidates)[0]


def _endpoint(interface: Any, direction: int) -> Any:
    """The first bulk endpoint that way, or None."""
    import usb.util

    return usb.util.find_descriptor(
        interface,
        custom_match=lambda endpoint: (
            usb.util.endpoint_direction(endpoint.bEndpointAddress) == direction
            and usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        ),
    )


def _milliseconds(seconds: float) -> int:
    """At least one: libusb takes zero for as long as it takes."""
    return max(1, int(seconds * 1000))
