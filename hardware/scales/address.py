"""Where a scale is and what it speaks, in one line: `toledo+serial:///dev/ttyUSB0`, `dialog06+tcp://192.168.1.80:4001`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hardware.scales.base import Scale, Unit
from hardware.scales.berkel import Berkel
from hardware.scales.cas import Cas
from hardware.scales.dialog06 import ChecksumPair, Dialog06
from hardware.scales.exchange import ScaleProtocol
from hardware.scales.line_scale import LineScale
from hardware.scales.nci import Nci
from hardware.scales.toledo import Toledo8217
from hardware.transport.address import BadAddress, transport_at

_EXAMPLES = (
    "toledo+serial:///dev/ttyUSB0?unit=kg, cas+serial:///dev/ttyUSB0?baud=9600, berkel+serial:///dev/ttyUSB0, "
    "nci+serial://COM3 or dialog06+tcp://192.168.1.80:4001?checksums=4711F336"
)
_WIRES = ("serial", "tcp")
_PAIR = re.compile(r"[0-9A-Fa-f]{8}")
Options = dict[str, str]


def scale_at(address: str) -> Scale:
    """The driver, without going there; raises BadAddress, which shows how to write one."""
    try:
        parts = urlsplit(address)
        kind, _, wire = parts.scheme.partition("+")
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        if wire not in _WIRES or kind not in PROTOCOLS:
            raise ValueError(parts.scheme)
        protocol = PROTOCOLS[kind](options)
        if wire == "serial":
            options = {**protocol.line, **options}
        way = urlunsplit(parts._replace(scheme=wire, query=urlencode(options)))
        return LineScale(transport_at(way), protocol)
    except (ValueError, BadAddress) as error:
        raise BadAddress(f"{address!r} is no scale's address. Write it as {_EXAMPLES}.") from error


def _toledo(options: Options) -> ScaleProtocol:
    unit = options.pop("unit", "kg")
    found: dict[str, Unit] = {one: one for one in get_args(Unit)}
    if unit not in found:
        raise ValueError(unit)
    return Toledo8217(found[unit])


def _dialog06(options: Options) -> ScaleProtocol:
    pairs = options.pop("checksums", "")
    names = options.pop("names", "no")
    if names not in ("yes", "no"):
        raise ValueError(names)
    return Dialog06(tuple(map(_pair, pairs.split(",") if pairs else ())), shows_names=names == "yes")


def _pair(text: str) -> ChecksumPair:
    if not _PAIR.fullmatch(text):
        raise ValueError(text)
    return ChecksumPair(int(text[:4], 16), int(text[4:], 16))


PROTOCOLS: dict[str, Callable[[Options], ScaleProtocol]] = {
    "toledo": _toledo,
    "cas": lambda options: Cas(),
    "berkel": lambda options: Berkel(),
    "nci": lambda options: Nci(),
    "dialog06": _dialog06,
}
"""Each takes its own options out of what stands behind the question mark."""
