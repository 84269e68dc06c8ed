"""Mettler-Toledo 8217, and 8213 whose answers are the same but for a net mark.

Source: Mettler Toledo, 'DIVA Service Manual', 72191202 (05/2012), sections 6.1.3 and 6.1.4: commands, answers and the
bits of the status byte. Weights come without a unit, so the address says it.
"""

from __future__ import annotations

from hardware.scales.base import Condition, Reading, Unit, WeighRequest, weight_of
from hardware.scales.exchange import CR, STX, Ask, Exchange, Frame, FrameReader

_MOTION, _OVER, _UNDER, _OUTSIDE_ZERO, _AT_ZERO = 0x01, 0x02, 0x04, 0x08, 0x10


class Toledo8217:
    name = "Mettler-Toledo 8217"
    line = {"baud": "9600", "bits": "7", "parity": "even", "stop_bits": "1"}  # noqa: RUF012 - a constant
    name_their_question = False

    def __init__(self, unit: Unit = "kg") -> None:
        self._unit = unit

    def reader(self) -> FrameReader:
        return FrameReader((Frame(STX, CR, restarts=True),))

    def hello(self) -> Exchange:
        return self.weigh(WeighRequest(), 0, begun=False)

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        return self._read((yield Ask(b"W")))

    def zero(self) -> Exchange:
        status = _status((yield Ask(b"Z")))
        return Reading("done") if status is not None and status & _AT_ZERO else _refused(status)

    def tare(self) -> Exchange:
        return _done_or_why((yield Ask(b"T\r")))

    def clear_tare(self) -> Exchange:
        return _done_or_why((yield Ask(b"C")))

    def _read(self, frame: bytes) -> Reading:
        if frame[1:2] == b"?":
            return _refused(_status(frame))
        text = frame[1:-1].decode("latin-1")
        return weight_of(text.removesuffix("N"), self._unit, is_net=text.endswith("N"))


def _status(frame: bytes) -> int | None:
    """The status byte without its parity bit; None where the frame holds none."""
    return frame[2] & 0x7F if len(frame) == 4 and frame[1:2] == b"?" else None


def _condition(status: int) -> Condition | None:
    """What stands in the way of a weight, the worst first; None where nothing does."""
    if status & _OVER:
        return "overload"
    if status & _UNDER:
        return "under_zero"
    if status & _MOTION:
        return "in_motion"
    if status & _OUTSIDE_ZERO:
        return "not_zeroed"
    return None


def _refused(status: int | None) -> Reading:
    if status is None:
        return Reading("garbled")
    return Reading(_condition(status) or ("empty" if status & _AT_ZERO else "fault"))


def _done_or_why(frame: bytes) -> Reading:
    status = _status(frame)
    if status is None:
        return Reading("garbled")
    return Reading(_condition(status & ~_OUTSIDE_ZERO) or "done")
