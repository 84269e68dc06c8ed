"""BMPs: the fields of a message, each a number and a value whose length its number says (PA00P015, 'Bitmaps')."""

from __future__ import annotations

from hardware.terminals.zvt.apdu import BadMessage
from hardware.terminals.zvt.digits import variable, variable_size
from hardware.terminals.zvt.tlv import length_at

SERVICE, AMOUNT, TLV, TRACE, TIME, DATE = 0x03, 0x04, 0x06, 0x0B, 0x0C, 0x0D
CARD_NUMBER, RESULT, TERMINAL_ID, MERCHANT_ID, ORIGINAL_TRACE = 0x22, 0x27, 0x29, 0x2A, 0x37
AUTHORISATION, ADDITIONAL, CURRENCY, TOTALS = 0x3B, 0x3C, 0x49, 0x60
RECEIPT, TURNOVER, CARD_TYPE, CARD_NAME, VERSION = 0x87, 0x88, 0x8A, 0x8B, 0xF0

_FIXED = {
    0x01: 1, 0x02: 1, 0x03: 1, 0x04: 6, 0x05: 1, 0x0B: 3, 0x0C: 3, 0x0D: 2, 0x0E: 2, 0x17: 2, 0x19: 1,
    0x27: 1, 0x29: 4, 0x2A: 15, 0x37: 3, 0x3A: 2, 0x3B: 8, 0x3D: 3, 0x49: 2, 0x87: 2, 0x88: 3, 0x8A: 1,
    0x8C: 1, 0xA0: 1, 0xAA: 3, 0xBA: 5, 0xD0: 1, 0xD2: 1, 0xD3: 1, 0xE0: 1, 0xE9: 1, 0xEA: 1, 0xEB: 8,
    0xF0: 1, 0xF9: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFD: 1,
}  # fmt: skip
_VARIABLE = {
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9), *range(0xF1, 0xF9)), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF), 3),
}


def encoded(fields: dict[int, bytes]) -> bytes:
    """In the order given; lengths are put in front where the field wants one. A TLV container brings its own."""
    return b"".join(bytes((number,)) + _with_length(number, value) for number, value in fields.items())


def _with_length(number: int, value: bytes) -> bytes:
    if number in _VARIABLE:
        return variable(value, _VARIABLE[number])
    assert number == TLV or len(value) == _FIXED[number], f"{number:02X} takes {_FIXED.get(number)} bytes"
    return value


def decoded(data: bytes) -> dict[int, bytes]:
    """By number, without lengths. Raises BadMessage at a number that nobody knows: what follows can't be read."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number = data[at]
        start, size = _extent(data, at + 1, number)
        if start + size > len(data):
            raise BadMessage("The card terminal sent a field that is cut off.", field=f"{number:02X}")
        found[number] = data[start : start + size]
        at = start + size
    return found


def _extent(data: bytes, at: int, number: int) -> tuple[int, int]:
    if number == TLV:
        size, start = length_at(data, at)
        return start, size
    if number in _VARIABLE:
        start = at + _VARIABLE[number]
        return start, variable_size(data[at:start]) if start <= len(data) else len(data)
    if number in _FIXED:
        return at, _FIXED[number]
    raise BadMessage("The card terminal sent a field that is not known.", field=f"{number:02X}")
