"""Scanners on USB in their own mode, HID Point of Sale: codes with the kind of symbol, and no keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hardware.scanners.base import ScanOutcome
from hardware.scanners.hid_layout import HidPosReader, Layout, layout_of
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.usb import UsbSettings

_HID_CLASS = 0x03
_GET_DESCRIPTOR, _REPORT_DESCRIPTOR, _FROM_INTERFACE = 0x06, 0x22, 0x81
_LONGEST_DESCRIPTOR = 4096
_NOT_ALLOWED, _BUSY = 13, 16


class UsbScannerPlug:
    """`backend` is one of pyusb's; without it the system's libusb, or the one that libusb-package brings."""

    def __init__(self, settings: UsbSettings, backend: Any = None) -> None:
        self._settings = settings
        self._backend = backend

    @property
    def place(self) -> str:
        serial = f" {self._settings.serial}" if self._settings.serial else ""
        return f"USB {self._settings.vendor:04x}:{self._settings.product:04x}{serial}"

    @contextmanager
    def open(self) -> Iterator[UsbScannerSource]:
        """Raises NotReachable."""
        import usb.core
        import usb.util

        device = self._found()
        try:
            yield self._claimed(device)
        finally:
            with suppress(OSError):  # unplugged meanwhile, so there is nothing to give back
                usb.util.dispose_resources(device)

    def _found(self) -> Any:
        import libusb_package
        import usb.core

        settings = self._settings
        try:
            found = usb.core.find(
                find_all=True,
                backend=self._backend or libusb_package.get_libusb1_backend(),
                idVendor=settings.vendor,
                idProduct=settings.product,
            )
            for device in found:
                if not settings.serial or device.serial_number == settings.serial:
                    return device
        except (OSError, ValueError, usb.core.NoBackendError) as error:
            raise NotReachable(self._why(error), place=self.place) from error
        raise NotReachable(f"No scanner is plugged in at {self.place}. Check its cable.", place=self.place)

    def _claimed(self, device: Any) -> UsbScannerSource:
        import usb.core
        import usb.util

        try:
            interface, layout = _scanner_interface(device)
            usb.util.claim_interface(device, interface.bInterfaceNumber)
            way_in = usb.util.find_descriptor(
                interface,
                custom_match=lambda endpoint: (
                    usb.util.endpoint_direction(endpoint.bEndpointAddress) == usb.util.ENDPOINT_IN
                ),
            )
        except (OSError, LookupError) as error:
            raise NotReachable(self._why(error), place=self.place) from error
        return UsbScannerSource(way_in, HidPosReader(layout), self.place)

    def _why(self, error: Exception) -> str:
        number = getattr(error, "errno", None)
        if number == _NOT_ALLOWED:
            return f"This user may not use {self.place}. Ask whoever set the till up for the right to it."
        if number == _BUSY:
            return f"Another program holds {self.place}. Close it."
        if isinstance(error, LookupError):
            return (
                f"What is plugged in at {self.place} is no scanner in USB HID POS mode. "
                "Scan the code for that mode in its manual."
            )
        return f"Nothing answers at {self.place}. Unplug the scanner and plug it in again."


class UsbScannerSource:
    def __init__(self, way_in: Any, reader: HidPosReader, place: str) -> None:
        self._in = way_in
        self._reader = reader
        self._place = place

    def scans(self, timeout_s: float) -> list[ScanOutcome]:
        """What was scanned, waiting at most so long. Raises SendFailed when the scanner is gone."""
        import usb.core

        try:
            report = bytes(self._in.read(self._in.wMaxPacketSize, max(1, int(timeout_s * 1000))))
        except usb.core.USBTimeoutError:
            return []
        except OSError as error:
            raise SendFailed(f"The connection to {self._place} broke.", 0) from error
        return self._reader.feed(report)


def _scanner_interface(device: Any) -> tuple[Any, Layout]:
    """The interface whose reports have a code in them; raises LookupError when there is none."""
    import usb.core

    try:
        configuration = device.get_active_configuration()
    except usb.core.USBError:  # not configured yet
        device.set_configuration()
        configuration = device.get_active_configuration()
    for interface in configuration:
        if interface.bInterfaceClass != _HID_CLASS:
            continue
        number, had_driver = interface.bInterfaceNumber, False
        with suppress(NotImplementedError):  # only Linux has a driver to move aside
            had_driver = device.is_kernel_driver_active(number)
        if had_driver:
            device.detach_kernel_driver(number)
        descriptor = device.ctrl_transfer(
            _FROM_INTERFACE, _GET_DESCRIPTOR, _REPORT_DESCRIPTOR << 8, number, _LONGEST_DESCRIPTOR
        )
        layout = layout_of(bytes(descriptor))
        if layout.is_scanner:
            return interface, layout
        if had_driver:
            device.attach_kernel_driver(number)  # it may be somebody's keyboard
    raise LookupError("no interface with codes")
