"""Where a line display is and what it speaks, in one line: `escpos+serial:///dev/ttyUSB1`, `cd5220+tcp://192.168.1.90:9100`."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from hardware.displays.base import DisplayLanguage
from hardware.displays.languages import Cd5220Display, EscposDisplay
from hardware.displays.wired import WiredDisplay
from hardware.transport.address import BadAddress, transport_at

LANGUAGES: dict[str, Callable[[], DisplayLanguage]] = {"escpos": EscposDisplay, "cd5220": Cd5220Display}
_WIRES = ("serial", "tcp", "usb", "file")
_EXAMPLES = (
    "escpos+serial:///dev/ttyUSB1?baud=9600, cd5220+serial://COM4, escpos+usb://04b8:0202 "
    "or cd5220+tcp://192.168.1.90:9100"
)


def display_at(address: str) -> WiredDisplay:
    """The driver, without going there; raises BadAddress, which shows how to write one."""
    try:
        parts = urlsplit(address)
        kind, _, wire = parts.scheme.partition("+")
        if wire not in _WIRES or kind not in LANGUAGES:
            raise ValueError(parts.scheme)
        return WiredDisplay(transport_at(urlunsplit(parts._replace(scheme=wire))), LANGUAGES[kind]())
    except (ValueError, BadAddress) as error:
        raise BadAddress(f"{address!r} is no customer display's address. Write it as {_EXAMPLES}.") from error
