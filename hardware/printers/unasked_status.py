"""Status that a printer sends by itself when something changes (Automatic Status Back, GS a), told from answers.

Its four bytes look like an answer to GS r from the second on, so a printer that reports its open cover could be taken
for one that says it has printed.
"""

from __future__ import annotations

from hardware.status import PaperState, PrinterStatus
from hardware.transport.base import Channel

_BLOCK_BYTES = 4


class WithoutUnaskedStatus:
    """A `Channel` that takes those bytes out and keeps what they say. Anything else goes through, noise too."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._begun = b""
        self.last: PrinterStatus | None = None

    def send(self, data: bytes, timeout_s: float) -> None:
        self._channel.send(data, timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        passed = bytearray()
        for byte in self._channel.receive(timeout_s):
            passed += self._sorted(byte)
        return bytes(passed)

    def _sorted(self, byte: int) -> bytes:
        """What may go through now."""
        if self._begun and byte & 0x90 != 0:  # so it was no block: noise goes through with what follows
            noise, self._begun = self._begun, b""
            return noise + self._sorted(byte)
        if not self._begun and byte & 0x93 != 0x10:
            return bytes((byte,))
        self._begun += bytes((byte,))
        if len(self._begun) == _BLOCK_BYTES:
            self.last, self._begun = status_of_block(self._begun), b""
        return b""


def status_of_block(block: bytes) -> PrinterStatus:
    """The four bytes of Automatic Status Back, as Epson describes them."""
    printer, trouble, paper, _ = block
    return PrinterStatus(
        reachable=True,
        answers=True,
        online=not printer & 0x08,
        paper=_paper(paper),
        cover="open" if printer & 0x20 else "closed",
        fault=bool(trouble & 0x2C),
    )


def _paper(sensors: int) -> PaperState:
    if sensors & 0x0C:
        return "out"
    return "near_end" if sensors & 0x03 else "ok"
