"""Berkel, also called EPOS 1: Avery Berkel's dialogue, in which each weight is sent back to be confirmed.

Source: OHAUS, 'Aviator 7000/5000 Service Manual' V13 (11/2012), section 6.1.2 ('Berkel'), and Mettler Toledo, 'DIVA
Service Manual', 72191202 (05/2012), sections 6.1.5 ('EPOS 1') and 6.1.11 (unused places of a weight are NUL).
"""

from __future__ import annotations

from hardware.scales.base import Reading, Unit, WeighRequest, weight_of
from hardware.scales.exchange import (
    ACK,
    CAN,
    CR,
    DC1,
    ENQ,
    ETX,
    NAK,
    NUL,
    STX,
    Ask,
    Exchange,
    Frame,
    FrameReader,
    longitudinal_parity,
)

_LENGTH = 9
_CAPACITY, _OUT_OF_RANGE = 0x07, 0x10
_SHOWN: dict[int, tuple[Unit, int]] = {0b001: ("kg", 3), 0b010: ("lb", 2), 0b011: ("kg", 3)}
"""By the capacity in the information byte: the unit, and how many of the digits are decimals."""


class Berkel:
    name = "Avery Berkel"
    line = {"baud": "2400", "bits": "7", "parity": "even", "stop_bits": "1"}  # noqa: RUF012 - a constant
    name_their_question = False

    def reader(self) -> FrameReader:
        return FrameReader((Frame(STX, ETX, at_least=_LENGTH),), bytes((ACK, NAK, CAN, NUL, CR)))

    def hello(self) -> Exchange:
        return self.weigh(WeighRequest(), 0, begun=False)

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        ready = yield Ask(bytes((ENQ,)))
        if ready == bytes((CAN,)):
            return Reading("not_moved")
        if ready == bytes((NUL,)):
            return Reading("empty")
        if ready != bytes((ACK,)):
            return Reading("in_motion")
        frame = yield Ask(bytes((DC1,)))
        if len(frame) != _LENGTH:
            return Reading("in_motion" if len(frame) == 1 else "garbled")
        reading = _read(frame)
        if reading.condition == "garbled":
            return reading
        confirmed = yield Ask(frame)
        return reading if confirmed == bytes((CR,)) else Reading("garbled")

    def zero(self) -> Exchange:
        return self._told(b"Z")

    def tare(self) -> Exchange:
        return self._told(b"N")

    def clear_tare(self) -> None:
        """Its tare goes with the tare key, or by taring with nothing on the scale."""

    def _told(self, command: bytes) -> Exchange:
        block = command + bytes(5)
        told = bytes((STX,)) + block + bytes((ETX, longitudinal_parity(block)))
        answer = yield Ask(told)
        return Reading("done") if answer in (bytes((ACK,)), bytes((CR,))) else Reading("in_motion")


def _read(frame: bytes) -> Reading:
    information, digits, check = frame[1], frame[2:-2], frame[-2]
    if longitudinal_parity(frame[1:-2]) != check or frame[-1] != ETX:
        return Reading("garbled")
    if information & _OUT_OF_RANGE:
        return Reading("overload")
    shown = _SHOWN.get(information & _CAPACITY)
    if shown is None:
        return Reading("unit_unusable")
    unit, decimals = shown
    text = digits.strip(b"\0").decode("latin-1")
    if len(text) < decimals:
        text = text.zfill(decimals)
    return weight_of(f"{text[:-decimals] or '0'}.{text[-decimals:]}", unit)
