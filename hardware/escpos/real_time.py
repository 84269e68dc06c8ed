"""Real-time commands, which a printer obeys on reception, wherever in the stream they stand.

Epson's manuals say so of DLE EOT, DLE ENQ and DLE DC4: the same bytes inside a picture, a barcode or a QR code are
carried out too. Written from those descriptions and sharing nothing with the encoder, so that one can check the other.
"""

from __future__ import annotations

import re

from hardware.escpos.decoder import Command

_WHOLE = re.compile(
    rb"\x10(?:\x04([\x01-\x04\x07\x08])|\x05([\x00-\x02])"
    rb"|\x14(\x01[\x00\x01][\x01-\x08]|\x02\x01\x08|\x08\x01\x03\x14\x01\x06\x02\x08))"
)
_LONGEST = 10
_NAMES = ("DLE EOT", "DLE ENQ", "DLE DC4")


class RealTimeWatch:
    """Takes a stream in any pieces and gives the real-time commands in it, each once."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[Command]:
        stream = self._tail + data
        found, read_to = [], 0
        for match in _WHOLE.finditer(stream):
            kind = match.lastindex or 1
            found.append(Command(_NAMES[kind - 1], match.group(kind)))
            read_to = match.end()
        self._tail = stream[max(read_to, len(stream) - _LONGEST + 1) :]
        return found
