"""Question and answer with a scale, without a wire: a protocol is made of exchanges, a driver carries them out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

import msgspec

from hardware.scales.base import Reading, WeighRequest

ANSWER_S = 1.0
"""How long a scale may take to answer; makers call one second ample (DIVA service manual, 6.1.1.1)."""
LONGEST_FRAME = 96

NUL, SOH, STX, ETX, EOT, ENQ, ACK = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
LF, CR, DC1, NAK, CAN, ESC = 0x0A, 0x0D, 0x11, 0x15, 0x18, 0x1B


class Ask(msgspec.Struct, frozen=True):
    """Bytes for the scale; one frame of it is the answer."""

    send: bytes
    answer_s: float = ANSWER_S


Exchange = Generator[Ask, bytes, Reading]
"""Yields what to ask, is sent each answer as one frame, and returns what came of it. No answer ends it."""


class Frame(msgspec.Struct, frozen=True):
    """Begins with `start` and ends with the first `end` from `at_least` bytes on.

    `restarts`: another `start` within it begins a new one, for what came before was half a frame.
    """

    start: int
    end: int
    at_least: int = 2
    restarts: bool = False


class FrameReader:
    """Cuts what comes, in any pieces, into frames. `single` are bytes that are an answer by themselves."""

    def __init__(self, frames: Sequence[Frame], single: bytes = b"") -> None:
        self._frames = {frame.start: frame for frame in frames}
        self._single = single
        self._frame: Frame | None = None
        self._held = bytearray()
        self.strays = 0
        """Bytes that belong to no frame."""

    @property
    def is_in_the_middle(self) -> bool:
        return self._frame is not None

    def feed(self, data: bytes) -> list[bytes]:
        found = []
        for byte in data:
            frame = self._take(byte)
            if frame:
                found.append(frame)
        return found

    def _take(self, byte: int) -> bytes:
        if self._frame is None or (self._frame.restarts and byte == self._frame.start):
            return self._begin(byte)
        self._held.append(byte)
        if byte == self._frame.end and len(self._held) >= self._frame.at_least:
            return self._whole()
        if len(self._held) > LONGEST_FRAME:
            self.strays += len(self._whole())
        return b""

    def _begin(self, byte: int) -> bytes:
        self.strays += len(self._held)
        self._held.clear()
        if byte in self._frames:
            self._frame = self._frames[byte]
            self._held.append(byte)
        elif byte in self._single:
            return bytes((byte,))
        else:
            self.strays += 1
        return b""

    def _whole(self) -> bytes:
        frame = bytes(self._held)
        self._held.clear()
        self._frame = None
        return frame


class ScaleProtocol(Protocol):
    """How a make of scales speaks. Holds nothing of a weighing.

    `name_their_question`: answers tell which question they are for, so that a late one is known as such.
    """

    name: str
    line: dict[str, str]
    """How its serial line is set up as it comes; fields of SerialSettings."""
    name_their_question: bool

    def reader(self) -> FrameReader: ...

    def hello(self) -> Exchange:
        """Whether it answers; changes nothing and weighs for nobody."""

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        """`begun`: the last answer to this very request was that the scale is in motion.

        `tare_milli` is what the till takes off, on scales that are told so; 0 on all others.
        """

    def zero(self) -> Exchange | None:
        """None where the scale is not zeroed from outside."""

    def tare(self) -> Exchange | None:
        """None where the till says the tare with each weighing."""

    def clear_tare(self) -> Exchange | None: ...


def longitudinal_parity(data: bytes) -> int:
    """The block check character of several makes: exclusive or of all bytes."""
    found = 0
    for byte in data:
        found ^= byte
    return found
