"""One line of text says where a device is: `tcp://192.168.1.50:9100`, `usb://04b8:0202`, `serial:///dev/ttyUSB0`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from hardware.transport.base import Transport
from hardware.transport.cups import CupsSettings, CupsTransport
from hardware.transport.file import FileTransport
from hardware.transport.serial_line import SerialSettings, SerialTransport
from hardware.transport.tcp import TcpTransport
from hardware.transport.usb import UsbSettings, UsbTransport
from hardware.transport.windows_spooler import WindowsSpoolerSettings, WindowsSpoolerTransport
from shared_models.errors import ShopError

_RECEIPT_PORT = 9100
_USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")
_QUEUE = re.compile(r"[^\s/#-][^\s/#]*")
_EXAMPLES = (
    "tcp://192.168.1.50:9100, usb://04b8:0202, serial:///dev/ttyUSB0?baud=9600, cups://receipts, "
    "winspool://Receipt%20printer or file:///dev/usb/lp0"
)


class BadAddress(ShopError):
    """The text is not the address of a device."""

    code: ClassVar[str] = "bad_device_address"


def transport_at(address: str) -> Transport:
    """The way to the device, without going there; raises BadAddress, which shows how to write one."""
    try:
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        make = _WAYS.get(parts.scheme)
        made = None if make is None else make(parts, options)
    except (ValueError, msgspec.ValidationError) as error:
        raise BadAddress(f"{address!r} is no device's address. Write it as {_EXAMPLES}.") from error
    if made is None:
        raise BadAddress(f"{address!r} is no device's address. Write it as {_EXAMPLES}.")
    return made


def _tcp(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    if not parts.hostname or options or parts.path not in ("", "/"):
        return None
    return TcpTransport(parts.hostname, parts.port or _RECEIPT_PORT)


def _usb(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    found = _USB.fullmatch(unquote(parts.netloc))
    if found is None or options or parts.path not in ("", "/"):
        return None
    vendor, product, serial = found.groups()
    return UsbTransport(UsbSettings(int(vendor, 16), int(product, 16), serial or ""))


def _serial(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    port = unquote(parts.netloc or parts.path)
    if not port.strip("/"):
        return None
    numbers = {name: int(value) if value.isdigit() else value for name, value in options.items()}
    return SerialTransport(msgspec.convert({**numbers, "port": port}, SerialSettings))


def _cups(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    """cups://queue on this machine, cups://host/queue or cups://host:port/queue on another."""
    server, queue = (parts.netloc, parts.path.strip("/")) if parts.path.strip("/") else ("", parts.netloc)
    queue = unquote(queue)
    if options or not _QUEUE.fullmatch(queue):
        return None
    return CupsTransport(CupsSettings(queue, server))


def _windows(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    """winspool://Name, or winspool:////server/name for a shared one."""
    printer = unquote(parts.netloc) or unquote(parts.path).replace("/", "\\")
    return None if options or not printer else WindowsSpoolerTransport(WindowsSpoolerSettings(printer))


def _file(parts: SplitResult, options: dict[str, str]) -> Transport | None:
    if options or parts.netloc or len(parts.path) < 2:
        return None
    return FileTransport(Path(unquote(parts.path)))


_WAYS: dict[str, Callable[[SplitResult, dict[str, Any]], Transport | None]] = {
    "tcp": _tcp,
    "usb": _usb,
    "serial": _serial,
    "cups": _cups,
    "winspool": _windows,
    "file": _file,
}
