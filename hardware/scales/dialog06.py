"""Checkout-Dialog 06: the till says the price, the scale answers weight and selling price, and both must agree.

Source: Mettler Toledo, 'DIVA Service Manual', 72191202 (05/2012), section 6.1.8, and OHAUS, 'Aviator 7000/5000 Service
Manual' V13 (11/2012), section 6.1.3: records, states and the order of things. Checksums are pairs of 16 bits (CS, KW)
that the maker of the scale gives out; on the wire CS is turned left and KW right by what the scale says at that moment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator

import msgspec

from hardware.scales.base import Condition, Reading, Unit, WeighRequest, Weight
from hardware.scales.exchange import ACK, ENQ, EOT, ESC, ETX, NAK, STX, Ask, Exchange, Frame, FrameReader
from shared_models.quantity import extend

_ASK_AGAIN = bytes((EOT, ENQ))
_BARE_ACK, _BARE_NAK, _ESC = bytes((ACK,)), bytes((NAK,)), bytes((ESC,))
_DEAREST_MINOR, _HEAVIEST_TARE_MILLI = 999_999, 9_999
_TEXT_LENGTH = 13
_RESULT = re.compile(rb"\x0202\x1b([0-3])\x1b([0-9]{5})\x1b([0-9]{5,6})\x1b([0-9]{6})\x03")
_STATUS = re.compile(rb"\x0209\x1b([0-9]{2})\x03")
_CHECK = re.compile(rb"\x0211\x1b(?:([01])|2([0-9A-Fa-f]{2}))\x03")
_SHOWN: dict[bytes, tuple[Unit, int]] = {b"1": ("lb", 10), b"2": ("lb", 1), b"3": ("kg", 1)}
"""By the scale's own word: the unit, and how many thousandths of it the last digit is."""
_STATES: dict[bytes, Condition] = {
    b"11": "price_unusable",
    b"20": "in_motion",
    b"21": "not_moved",
    b"22": "in_motion",
    b"30": "empty",
    b"31": "under_zero",
    b"32": "overload",
    b"33": "price_unusable",
}


class ChecksumPair(msgspec.Struct, frozen=True):
    """As the maker of the scale gives it out: 16 bits each."""

    checksum: int
    correction: int


class Dialog06:
    name = "Dialog 06"
    line = {"baud": "9600", "bits": "7", "parity": "odd", "stop_bits": "1"}  # noqa: RUF012 - a constant
    name_their_question = True

    def __init__(self, checksums: tuple[ChecksumPair, ...] = (), *, shows_names: bool = False) -> None:
        """`shows_names`: the scale has a line for the name of what is weighed; others refuse such records."""
        self._checksums = checksums
        self._shows_names = shows_names

    def reader(self) -> FrameReader:
        return FrameReader((Frame(STX, ETX, restarts=True),), bytes((ACK, NAK)))

    def hello(self) -> Exchange:
        return _why()

    def weigh(self, request: WeighRequest, tare_milli: int, *, begun: bool) -> Exchange:
        price = request.unit_price_minor
        if not 0 < price <= _DEAREST_MINOR or not 0 <= tare_milli <= _HEAVIEST_TARE_MILLI:
            return Reading("price_unusable")
        if not begun:
            told = yield from self._tell_price(request, tare_milli)
            if told is not None:
                return told
        answer = yield Ask(_ASK_AGAIN)
        if answer == _BARE_NAK:
            return (yield from _why_not())
        return _result(answer, price, is_net=tare_milli > 0)

    def zero(self) -> None:
        return None

    def tare(self) -> None:
        return None

    def clear_tare(self) -> None:
        return None

    def _tell_price(self, request: WeighRequest, tare_milli: int) -> Generator[Ask, bytes, Reading | None]:
        """None once the scale has taken it."""
        name = request.name if self._shows_names else ""
        told = price_record(request.unit_price_minor, tare_milli, name)
        answer = yield Ask(told)
        asked = _CHECK.fullmatch(answer)
        if asked is not None and asked[2] is not None:
            proved = yield from self._prove(int(asked[2], 16))
            if not proved:
                return Reading("checksums_wanted")
            answer = yield Ask(told)
        if answer == _BARE_NAK:
            return (yield from _why_not())
        return None if answer == _BARE_ACK else Reading("garbled")

    def _prove(self, turn: int) -> Generator[Ask, bytes, bool]:
        if not self._checksums:
            return False
        if (yield Ask(record(b"10", checksum_text(self._checksums, turn)))) != _BARE_ACK:
            return False
        found = _CHECK.fullmatch((yield Ask(_ASK_AGAIN)))
        return found is not None and found[1] == b"1"


def record(number: bytes, *fields: bytes) -> bytes:
    return bytes((EOT, STX)) + _ESC.join((number, *fields)) + bytes((ETX,))


def price_record(price_minor: int, tare_milli: int, name: str) -> bytes:
    """Record 01, 03, 04 or 05, by what there is to say."""
    price, tare, text = b"%06d" % price_minor, b"%04d" % tare_milli, scale_text(name)
    if text and tare_milli:
        return record(b"05", price, tare, text)
    if text:
        return record(b"04", price, text)
    return record(b"03", price, tare) if tare_milli else record(b"01", price, b"")


def scale_text(name: str) -> bytes:
    """Thirteen letters of it in ASCII: no byte of a name is ever a command."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore")
    shown = bytes(byte for byte in plain if 0x20 <= byte < 0x7F).strip()[:_TEXT_LENGTH]
    return shown.ljust(_TEXT_LENGTH) if shown else b""


def checksum_text(pairs: tuple[ChecksumPair, ...], turn: int) -> bytes:
    """All pairs, turned by the two halves of the scale's number."""
    left, right = turn >> 4, turn & 0x0F
    return b"".join(
        b"%04X%04X" % (turned_left(pair.checksum, left), turned_left(pair.correction, 16 - right))
        for pair in pairs
    )


def turned_left(bits: int, places: int) -> int:
    """Sixteen bits, turned round."""
    places %= 16
    return (bits << places | bits >> (16 - places)) & 0xFFFF


def _why() -> Exchange:
    found = _STATUS.fullmatch((yield Ask(record(b"08"))))
    if found is None:
        return Reading("garbled")
    return Reading("done") if found[1] == b"00" else Reading(_STATES.get(found[1], "fault"))


def _why_not() -> Exchange:
    """After a refusal; a scale that knows no reason for it any more is asked again."""
    reading = yield from _why()
    return Reading("in_motion") if reading.condition == "done" else reading


def _result(answer: bytes, price_minor: int, *, is_net: bool) -> Reading:
    found = _RESULT.fullmatch(answer)
    if found is None:
        return Reading("garbled")
    if found[1] not in _SHOWN:
        return Reading("unit_unusable")
    unit, step_milli = _SHOWN[found[1]]
    weight = Weight(int(found[2]) * step_milli, unit, is_net)
    if weight.milli == 0:
        return Reading("empty")
    if int(found[3]) != price_minor or int(found[4]) != extend(price_minor, weight.milli):
        return Reading("price_differs")
    return Reading("stable", weight)
