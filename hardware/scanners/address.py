"""Which scanners a till has, in one line of text: addresses with spaces between them.

`wedge:` stands for all that type; `serial:///dev/ttyACM0`, `tcp://192.168.1.70:9200` and `usb://0c2e:0b62` for one with
a wire of its own. What is behind a question mark sets the scanner: see `docs/scanners.md`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from hardware.scanners.framing import FrameSettings
from hardware.scanners.usb_hid import UsbScannerPlug
from hardware.scanners.wedge import WedgeSettings
from hardware.scanners.wired import REPEAT_MS, LinePlug, WiredScanner
from hardware.transport.address import BadAddress, transport_at
from hardware.transport.usb import UsbSettings

WEDGE = "wedge:"
_EXAMPLES = (
    "wedge:?prefix=%02&suffix=%23&max_gap_ms=60, serial:///dev/ttyACM0?baud=9600, tcp://192.168.1.70:9200 "
    "or usb://0c2e:0b62"
)
_LINES = ("serial", "tcp")
_REPEAT = "repeat_ms"


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`wedge` is None where no scanner types; `wired` are addresses."""

    wedge: WedgeSettings | None = None
    wired: tuple[str, ...] = ()


def scanners_at(text: str) -> ScannerSettings:
    """Raises BadAddress, which shows how to write one."""
    wedge, wired = None, []
    for address in text.split():
        if address.startswith(WEDGE):
            wedge = wedge_at(address)
        else:
            scanner_at(address)
            wired.append(address)
    return ScannerSettings(wedge, tuple(wired))


def wedge_at(address: str) -> WedgeSettings:
    """`wedge:` with any field of WedgeSettings behind a question mark; control characters as %02."""
    try:
        parts = urlsplit(address)
        if parts.path or parts.netloc or parts.fragment:
            raise ValueError(parts)
        return msgspec.convert(_options(parts.query), WedgeSettings, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise _bad(address) from error


def scanner_at(address: str) -> WiredScanner:
    """The driver of one scanner, without going there. Raises BadAddress."""
    try:
        parts = urlsplit(address)
        options = _options(parts.query)
        repeat_ms = int(options.pop(_REPEAT, REPEAT_MS))
        if parts.scheme == "usb" and not options:
            return WiredScanner(UsbScannerPlug(_usb(unquote(parts.netloc))), repeat_ms=repeat_ms)
        if parts.scheme not in _LINES:
            raise ValueError(parts.scheme)
        ours = {name: options.pop(name) for name in FrameSettings.__struct_fields__ if name in options}
        transport = transport_at(urlunsplit(parts._replace(query=urlencode(options))))
        frames = msgspec.convert(ours, FrameSettings, strict=False)
        return WiredScanner(LinePlug(transport, frames), repeat_ms=repeat_ms)
    except (ValueError, msgspec.ValidationError, BadAddress) as error:
        raise _bad(address) from error


def _usb(place: str) -> UsbSettings:
    vendor, product, *serial = place.split(":", 2)
    if len(vendor) != 4 or len(product) != 4:
        raise ValueError(place)
    return UsbSettings(int(vendor, 16), int(product, 16), "".join(serial))


def _options(query: str) -> dict[str, Any]:
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))


def _bad(address: str) -> BadAddress:
    return BadAddress(f"{address!r} is no scanner's address. Write it as {_EXAMPLES}.")
