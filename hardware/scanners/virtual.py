"""Scanners made of software, on a serial line and on USB, that can be plugged in, pulled out and told to scan."""

from __future__ import annotations

import errno
import os
import queue
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import usb.backend
from usb.core import USBError, USBTimeoutError

_CHUNK = 56
_REPORT_ID = 2

# Usage page 8C, scanner, report 2: byte count; three bytes of AIM identifier; 56 bytes of data; one bit says that more
# comes; seven bits of nothing. As 'HID Point of Sale Usage Tables' 1.02 has its scanned data report.
REPORT_DESCRIPTOR = bytes.fromhex(
    "058c 0902 a101 8502 0912 a102 1500 26ff00 7508 9501 0501 093b 8102"
    "058c 9503 09fb 09fc 09fd 8102 9538 09fe 820201 7501 9501 2501 09ff 8102 9507 8103 c0c0"
)
KEYBOARD_DESCRIPTOR = bytes.fromhex("0501 0906 a101 0507 19e0 29e7 1500 2501 7501 9508 8102 c0")


class VirtualSerialScanner:
    """A pseudo-terminal behind a symbolic link, as udev would make it. Not on Windows."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._ours = self._theirs = -1

    def __enter__(self) -> VirtualSerialScanner:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_out()

    def plug_in(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.port.symlink_to(os.ttyname(self._theirs))

    def pull_out(self) -> None:
        if self._ours < 0:
            return
        self.port.unlink(missing_ok=True)
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = self._theirs = -1

    def scan(self, code: str | bytes, end: str = "\r\n") -> None:
        data = code if isinstance(code, bytes) else code.encode()
        os.write(self._ours, data + end.encode())


def hid_reports(code: str, symbology: str = "") -> Iterator[bytes]:
    """As a scanner in HID POS mode sends a code; `symbology` is an AIM identifier such as ']E0'."""
    data = code.encode()
    for first in range(0, len(data), _CHUNK):
        piece = data[first : first + _CHUNK]
        more = first + _CHUNK < len(data)
        aim = symbology.encode().ljust(3, b"\0")
        yield bytes((_REPORT_ID, len(piece))) + aim + piece.ljust(_CHUNK, b"\0") + bytes((more,))


class VirtualUsbScanner(usb.backend.IBackend):  # type: ignore[misc]
    """A libusb for pyusb on whose bus there is one scanner with a keyboard beside it, or nothing."""

    vendor, product, serial = 0x0C2E, 0x0B62, "SCAN0001"

    def __init__(self) -> None:
        self.is_there = True
        self.drivers = {0, 1}
        """The interfaces that the operating system has taken: 0 is a keyboard, 1 the scanner."""
        self._reports: queue.Queue[bytes] = queue.Queue()

    def plug_in(self) -> None:
        self.is_there, self.drivers = True, {0, 1}

    def pull_out(self) -> None:
        self.is_there = False
        self._reports = queue.Queue()

    def scan(self, code: str, symbology: str = "") -> None:
        for report in hid_reports(code, symbology):
            self.send(report)

    def send(self, report: bytes) -> None:
        self._reports.put(report)

    # What pyusb calls

    def enumerate_devices(self) -> Sequence[str]:
        return ["scanner"] if self.is_there else []

    def get_parent(self, dev: Any) -> None:
        return None

    def get_device_descriptor(self, dev: Any) -> Any:
        return _Fields(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=self.vendor,
            idProduct=self.product,
            bcdDevice=0x0100,
            iManufacturer=1,
            iProduct=2,
            iSerialNumber=3,
            bNumConfigurations=1,
            address=8,
            bus=1,
            port_number=2,
            port_numbers=(2,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev: Any, config: int) -> Any:
        return _Fields(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=59,
            bNumInterfaces=2,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0x80,
            bMaxPower=250,
            extra_descriptors=b"",
        )

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> Any:
        if intf > 1 or alt:
            raise IndexError
        return _Fields(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=intf,
            bAlternateSetting=0,
            bNumEndpoints=1,
            bInterfaceClass=3,
            bInterfaceSubClass=1 - intf,
            bInterfaceProtocol=1 - intf,
            iInterface=0,
            extra_descriptors=b"",
        )

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> Any:
        if ep:
            raise IndexError
        return _Fields(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=0x81 + intf,
            bmAttributes=3,
            wMaxPacketSize=64,
            bInterval=1,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=b"",
        )

    def open_device(self, dev: Any) -> str:
        self._plugged_in()
        return "handle"

    def close_device(self, dev_handle: Any) -> None:
        pass

    def get_configuration(self, dev_handle: Any) -> int:
        self._plugged_in()
        return 1

    def set_configuration(self, dev_handle: Any, config_value: int) -> None:
        self._plugged_in()

    def is_kernel_driver_active(self, dev_handle: Any, intf: int) -> bool:
        return intf in self.drivers

    def detach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self.drivers.discard(intf)

    def attach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self.drivers.add(intf)

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self._plugged_in()
        if intf in self.drivers:
            raise USBError("Resource busy", errno=errno.EBUSY)

    def release_interface(self, dev_handle: Any, intf: int) -> None:
        self._plugged_in()

    def ctrl_transfer(
        self,
        dev_handle: Any,
        request_type: int,
        request: int,
        value: int,
        index: int,
        data: Any,
        timeout: int,
    ) -> int:
        """A report descriptor of an interface, the languages, or the serial number."""
        self._plugged_in()
        if value >> 8 == 0x22:
            answer = KEYBOARD_DESCRIPTOR if index == 0 else REPORT_DESCRIPTOR
        else:
            text = ("\u0409" if value & 0xFF == 0 else self.serial).encode("utf-16-le")
            answer = bytes((len(text) + 2, 3)) + text
        length = min(len(answer), len(data))
        data[:length] = type(data)("B", answer[:length])
        return length

    def intr_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self._plugged_in()
        try:
            report = self._reports.get(timeout=timeout / 1000)
        except queue.Empty:
            self._plugged_in()
            raise USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT) from None
        buff[: len(report)] = type(buff)("B", report)
        return len(report)

    def _plugged_in(self) -> None:
        if not self.is_there:
            raise USBError("No such device", errno=errno.ENODEV)


class _Fields:
    """A descriptor, as pyusb expects it: an object with the field names of the USB specification."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)
