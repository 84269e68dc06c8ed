"""Frames: two bytes of command, the length, the data. Over TCP nothing else surrounds them (PA00P016, TCP/IP)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from shared_models.errors import ShopError

_LONG = 0xFF
LONGEST_DATA = 0xFFFF


class BadMessage(ShopError):
    """Bytes that are no message of the protocol."""

    code: ClassVar[str] = "bad_terminal_message"


class Apdu(msgspec.Struct, frozen=True):
    """`command` is CCRC and APRC in one number, 0x0601 for an authorisation."""

    command: int
    data: bytes = b""

    def encoded(self) -> bytes:
        """A length from 255 on is the byte FF and two bytes more, the lower one first."""
        size = len(self.data)
        assert size <= LONGEST_DATA, size
        length = bytes((size,)) if size < _LONG else bytes((_LONG, size & 0xFF, size >> 8))
        return self.command.to_bytes(2, "big") + length + self.data


ACKNOWLEDGED = Apdu(0x8000)
"""80 00 00."""


def refused(code: int) -> Apdu:
    """84 xx 00: the command is not carried out."""
    return Apdu(0x8400 | code)


def is_refusal(message: Apdu) -> bool:
    return message.command >> 8 == 0x84


class ApduReader:
    """Takes bytes as they come, in any pieces, and gives whole messages."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    @property
    def has_half(self) -> bool:
        """Part of a message has come, and not its end."""
        return bool(self._waiting)

    def feed(self, data: bytes) -> Iterator[Apdu]:
        self._waiting += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Apdu | None:
        waiting = self._waiting
        if len(waiting) < 3:
            return None
        start, size = 3, waiting[2]
        if size == _LONG:
            if len(waiting) < 5:
                return None
            start, size = 5, waiting[3] | waiting[4] << 8
        if len(waiting) < start + size:
            return None
        message = Apdu(int.from_bytes(waiting[:2], "big"), bytes(waiting[start : start + size]))
        del waiting[: start + size]
        return message
