"""Other plugs for the virtual printer: a serial line and a USB cable, both of which can be pulled out.

Each hands the bytes on to the virtual printer's TCP port, so that everything that a printer can do or refuse is played
in one place.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import usb.backend
import usb.core
import usb.util
from usb.core import USBError, USBTimeoutError

from hardware.printers.virtual import VirtualPrinter

_CHUNK = 4096
_LOOK_S = 0.02


class VirtualSerialLine:
    """A pseudo-terminal that leads to a virtual printer; `port` is what a driver opens. Not on Windows.

    `port` is a symbolic link, as udev would make it: it goes when the plug is pulled, and comes back.
    """

    def __init__(self, printer: VirtualPrinter, port: Path) -> None:
        self._printer = printer
        self.port = port
        self._ours = -1
        self._pump: threading.Thread | None = None
        self._pulled = threading.Event()

    def __enter__(self) -> VirtualSerialLine:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_out()

    def plug_in(self) -> None:
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(theirs))
        self._pulled.clear()
        self._pump = threading.Thread(target=self._carry, args=(self._ours, theirs), daemon=True)
        self._pump.start()

    def pull_out(self) -> None:
        """Whoever has the port open sees it end."""
        self.port.unlink(missing_ok=True)
        self._pulled.set()
        if self._pump is not None:
            self._pump.join()
            self._pump = None

    def _carry(self, ours: int, theirs: int) -> None:
        printer = _Cable(self._printer)
        waiting = b""
        try:
            while not self._pulled.is_set():
                heard = [] if waiting else [ours]
                ready, _, _ = select.select([*heard, *printer.descriptors()], [], [], _LOOK_S)
                if ours in ready:
                    waiting = os.read(ours, _CHUNK)
                elif ready and (answer := printer.receive()):
                    os.write(ours, answer)
                if waiting:
                    waiting = waiting[printer.send(waiting, _LOOK_S) :]
        finally:
            printer.cut()
            os.close(ours)
            os.close(theirs)


class VirtualUsbCable(usb.backend.IBackend):  # type: ignore[misc]
    """A libusb for pyusb on whose bus there is one receipt printer, or none while the plug is pulled."""

    vendor, product = 0x04B8, 0x0202
    serial = "TILL0001"

    def __init__(self, printer: VirtualPrinter) -> None:
        self._printer = printer
        self._cable: _Cable | None = _Cable(printer)
        self._bytes_left: int | None = None
        self.kernel_driver_active = True

    def plug_in(self) -> None:
        self._cable = _Cable(self._printer)

    def pull_out(self) -> None:
        if self._cable is not None:
            self._cable.cut()
        self._cable = None

    def pull_out_after(self, byte_count: int) -> None:
        self._bytes_left = byte_count

    # What pyusb calls

    def enumerate_devices(self) -> Sequence[str]:
        return [] if self._cable is None else ["printer"]

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
            address=7,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev: Any, config: int) -> Any:
        return _Fields(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=32,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=b"",
        )

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        return _Fields(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=2,
            bInterfaceClass=7,
            bInterfaceSubClass=1,
            bInterfaceProtocol=2,
            iInterface=0,
            extra_descriptors=b"",
        )

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> Any:
        if ep > 1:
            raise IndexError
        return _Fields(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=(0x01, 0x82)[ep],
            bmAttributes=2,
            wMaxPacketSize=64,
            bInterval=0,
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
        return self.kernel_driver_active

    def detach_kernel_driver(self, dev_handle: Any, intf: int) -> None:
        self.kernel_driver_active = False

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self._plugged_in()
        if self.kernel_driver_active:
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
        """Only strings are asked for: the languages, then the serial number."""
        self._plugged_in()
        text = "\u0409" if value & 0xFF == 0 else self.serial
        encoded = text.encode("utf-16-le")
        answer = bytes((len(encoded) + 2, 3)) + encoded
        length = min(len(answer), len(data))
        data[:length] = type(data)("B", answer[:length])
        return length

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        cable = self._plugged_in()
        sent = bytes(data)
        if self._bytes_left is not None and len(sent) >= self._bytes_left:
            cable.send(sent[: self._bytes_left])
            self._bytes_left = None
            self.pull_out()
            raise USBError("No such device", errno=errno.ENODEV)
        taken = cable.send(sent, timeout / 1000)
        if not taken:
            raise USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT)
        return taken

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        answer = self._plugged_in().receive(timeout / 1000, len(buff))
        if not answer:
            raise USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT)
        buff[: len(answer)] = type(buff)("B", answer)
        return len(answer)

    def _plugged_in(self) -> _Cable:
        if self._cable is None:
            raise USBError("No such device", errno=errno.ENODEV)
        return self._cable


class _Fields:
    """A descriptor, as pyusb expects it: an object with the field names of the USB specification."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class _Cable:
    """Connects to the printer when there is something to say, and again when that was cut."""

    def __init__(self, printer: VirtualPrinter) -> None:
        self._printer = printer
        self._connection: socket.socket | None = None

    def descriptors(self) -> list[int]:
        return [] if self._connection is None else [self._connection.fileno()]

    def send(self, data: bytes, timeout_s: float = 5.0) -> int:
        """How much was taken: nothing by a printer that is full. What goes to one that is off is lost."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(("127.0.0.1", self._printer.port), timeout=1)
            self._connection.settimeout(max(0.001, timeout_s))
            return self._connection.send(data)
        except TimeoutError:
            return 0
        except OSError:
            self.cut()
            return len(data)

    def receive(self, timeout_s: float = 0.001, most: int = _CHUNK) -> bytes:
        if self._connection is None:
            return b""
        self._connection.settimeout(max(0.001, timeout_s))
        try:
            answer = self._connection.recv(most)
        except TimeoutError:
            return b""
        except OSError:
            answer = b""
        if not answer:
            self.cut()  # switched off; the next byte dials again
        return answer

    def cut(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
