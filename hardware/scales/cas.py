"""CAS: the dialogue with ENQ and DC1 that its scales speak with cash registers, and many others with them.

Source: CAS, 'PD-II' manual, section 3.1.6 (type 6): the order of bytes and what status and sign mean. OHAUS, 'Aviator
7000/5000 Service Manual' V13 (11/2012), section 6.1.1: which bytes the block check is over. Mertech, 'CAS-M' protocol
description: the commands for zero and tare.
"""

from __future__ import annotations

from hardware.scales.base import Reading, Unit, WeighRequest, Weight, weight_of
from hardware.scales.exchange import (
    ACK,
    DC1,
    ENQ,
    EOT,
    ETX,
    NAK,
    SOH,
    STX,
    Ask,
    Exchange,
    Frame,
    FrameReader,
    longitudinal_parity,
)

_UNITS: dict[bytes, Unit] = {b"KG": "kg", b"G": "g", b"LB": "lb", b"OZ": "oz"}
_SHORTEST, _LONGEST = 15, 16
_BARE_ACK = bytes((ACK,))


class Cas:
    name = "CAS"
    line = {"baud": "9600", "bits": "8", "parity": "none", "stop_bits": "1"}  # noqa: RUF012 - a constant
    name_their_question = False

    def reader(self) -> FrameReader:
        return FrameReader((Frame(SOH, EOT, at_least=_SHORTEST),), bytes((ACK, NAK)))

    def hello(self) -> Exchange:
        return self.weigh(WeighRequest(), 0, begun=False)

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        if (yield Ask(bytes((ENQ,)))) != _BARE_ACK:
            return Reading("in_motion")
        return _read((yield Ask(bytes((DC1,)))))

    def zero(self) -> Exchange:
        return self._told(b"<ZK>\t")

    def tare(self) -> Exchange:
        return self._told(b"<TK>\t")

    def clear_tare(self) -> None:
        """Its tare goes when the tare key is pressed with nothing on the scale."""

    def _told(self, command: bytes) -> Exchange:
        """These commands have no answer of their own, so the scale is asked how it is behind them."""
        if (yield Ask(command + bytes((ENQ,)))) != _BARE_ACK:
            return Reading("in_motion")
        reading = _read((yield Ask(bytes((DC1,)))))
        return Reading("done") if reading.condition in ("stable", "empty") else reading


def _read(frame: bytes) -> Reading:
    if not _SHORTEST <= len(frame) <= _LONGEST or frame[:2] != bytes((SOH, STX)) or frame[-2] != ETX:
        return Reading("garbled")
    block, check = frame[2:-3], frame[-3]
    if longitudinal_parity(block) != check:
        return Reading("garbled")
    status, sign, digits = block[:1], block[1:2], block[2:-2].decode("latin-1")
    unit = _UNITS.get(block[-2:].strip(b" \0").upper())
    if sign == b"F" or "F" in digits:
        return Reading("overload")
    if sign == b"-":
        return Reading("under_zero")
    if unit is None:
        return Reading("unit_unusable")
    return _weighed(status, digits, unit)


def _weighed(status: bytes, digits: str, unit: Unit) -> Reading:
    reading = weight_of(digits, unit)
    if status == b"S":
        return reading
    if status != b"U" or reading.condition == "garbled":
        return Reading("garbled")
    return Reading("in_motion", reading.weight or Weight(0, unit))
