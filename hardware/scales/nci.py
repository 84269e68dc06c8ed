"""NCI, also called ECR: what Avery Weigh-Tronix, Avery Berkel, Brecknell and Salter counter scales speak.

Source: Mettler Toledo, 'DIVA Service Manual', 72191202 (05/2012), section 6.1.1, and Avery Weigh-Tronix, '7821 User
Instructions', section 6.3: commands, answers and the bits of the status bytes.
"""

from __future__ import annotations

import re

from hardware.scales.base import Reading, Unit, WeighRequest, Weight, weight_of
from hardware.scales.exchange import ETX, LF, Ask, Exchange, Frame, FrameReader

_ANSWER = re.compile(rb"\n(?:([^\r\n]{3,24})\r\n?)?S([\x30-\x7f]{2,4})\r\x03")
_PLAIN = re.compile(r"([0-9.]+)\s*(KG|G|LB|OZ)", re.IGNORECASE)
_POUNDS_AND_OUNCES = re.compile(r"([0-9]{1,4})\s*LB\s*([0-9.]+)\s*OZ", re.IGNORECASE)
_UNITS: dict[str, Unit] = {"KG": "kg", "G": "g", "LB": "lb", "OZ": "oz"}
_OUNCES = 16_000
_MOTION, _AT_ZERO, _FAULTS_1 = 0x01, 0x02, 0x0C
_UNDER, _OVER, _FAULTS_2 = 0x01, 0x02, 0x0C
_NET, _ZERO_ERROR = 0x04, 0x08


class Nci:
    name = "NCI (Avery Weigh-Tronix)"
    line = {"baud": "9600", "bits": "7", "parity": "even", "stop_bits": "1"}  # noqa: RUF012 - a constant
    name_their_question = False

    def reader(self) -> FrameReader:
        return FrameReader((Frame(LF, ETX),))

    def hello(self) -> Exchange:
        return self.weigh(WeighRequest(), 0, begun=False)

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        return _read((yield Ask(b"W\r")))

    def zero(self) -> Exchange:
        reading = _read((yield Ask(b"Z\r")))
        return Reading("done") if reading.condition == "empty" else reading

    def tare(self) -> None:
        return None

    def clear_tare(self) -> None:
        return None


def _read(frame: bytes) -> Reading:
    found = _ANSWER.fullmatch(frame)
    if found is None:
        return Reading("garbled")
    shown, status = found[1], found[2]
    standing = _standing(status)
    if standing.condition != "stable":
        return standing
    is_net = len(status) > 2 and bool(status[2] & _NET)
    if shown is None:
        return Reading("empty") if status[0] & _AT_ZERO else Reading("garbled")
    return _weight(shown.decode("latin-1").strip(), is_net=is_net)


def _standing(status: bytes) -> Reading:
    first, second = status[0], status[1]
    third = status[2] if len(status) > 2 else 0
    if first & _FAULTS_1 or second & _FAULTS_2:
        return Reading("fault")
    if second & _OVER:
        return Reading("overload")
    if second & _UNDER:
        return Reading("under_zero")
    if third & _ZERO_ERROR:
        return Reading("not_zeroed")
    return Reading("in_motion") if first & _MOTION else Reading("stable")


def _weight(shown: str, *, is_net: bool) -> Reading:
    both = _POUNDS_AND_OUNCES.fullmatch(shown)
    if both is not None:
        ounces = weight_of(both[2], "oz", is_net=is_net)
        if ounces.condition == "empty" or ounces.weight is not None:
            milli = int(both[1]) * _OUNCES + (ounces.weight.milli if ounces.weight else 0)
            return Reading("stable", Weight(milli, "oz", is_net)) if milli else Reading("empty")
        return ounces
    plain = _PLAIN.fullmatch(shown)
    return weight_of(plain[1], _UNITS[plain[2].upper()], is_net=is_net) if plain else Reading("garbled")
