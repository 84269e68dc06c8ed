"""What a terminal says to the till (PA00P015, 'Commands from PT to ECR'), read without keeping a card number."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardware.terminals.base import Reference
from hardware.terminals.card_number import without_card_numbers
from hardware.terminals.zvt import fields, tlv
from hardware.terminals.zvt.apdu import Apdu, BadMessage
from hardware.terminals.zvt.digits import (
    last_four_packed,
    text_of,
    unpacked,
    unpacked_text,
    variable_size,
)

STATUS, INTERMEDIATE, COMPLETION, ABORTED, PRINT_LINE, PRINT_BLOCK = (
    0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3,
)  # fmt: skip
_LAST_LINE, _FEED = 0x81, 0xFF
_RECEIPT_KIND, _LINES, _LINE, _SHOWN, _APPLICATIONS, _APPLICATION = 0x1F07, 0x25, 0x07, 0x24, 0x60, 0x43
ReceiptKind = Literal["merchant", "customer", "other", ""]
_KINDS: dict[int, ReceiptKind] = {1: "merchant", 2: "customer", 3: "other"}


class StatusInformation(msgspec.Struct, frozen=True):
    """04 0F. None is a field that the terminal did not send."""

    result: int | None = None
    amount_minor: int | None = None
    reference: Reference = Reference()
    last_four: str = ""
    brand: str = ""
    authorisation: str = ""
    merchant_id: str = ""
    application_id: str = ""
    text: str = ""
    total_minor: int | None = None
    is_reversal: bool = False
    """It names the payment that it takes back."""


class Intermediate(msgspec.Struct, frozen=True):
    """04 FF: a code, and the terminal's own words where it sends them."""

    code: int
    text: str = ""


class Paper(msgspec.Struct, frozen=True):
    """06 D1 or 06 D3: lines for a receipt; `ends` after the last of it."""

    kind: ReceiptKind
    lines: tuple[str, ...]
    ends: bool = False


def status_information(data: bytes) -> StatusInformation:
    found = fields.decoded(data)
    inside = tlv.parts_of(_container(found))
    application = tlv.find(inside, _APPLICATIONS, _APPLICATION)
    return StatusInformation(
        result=found[fields.RESULT][0] if fields.RESULT in found else None,
        amount_minor=_number(found, fields.AMOUNT),
        reference=Reference(
            terminal_id=unpacked_text(found.get(fields.TERMINAL_ID, b"")),
            trace=_number(found, fields.TRACE) or 0,
            receipt_number=_number(found, fields.RECEIPT) or 0,
            date=unpacked_text(found.get(fields.DATE, b"")),
            time=unpacked_text(found.get(fields.TIME, b"")),
        ),
        last_four=last_four_packed(found.get(fields.CARD_NUMBER, b"")),
        brand=_text(found, fields.CARD_NAME),
        authorisation=_text(found, fields.AUTHORISATION),
        merchant_id=_text(found, fields.MERCHANT_ID),
        application_id=application.value.hex().upper()[:32] if application else "",
        text=_text(found, fields.ADDITIONAL),
        total_minor=_total(found),
        is_reversal=fields.ORIGINAL_TRACE in found,
    )


def intermediate(data: bytes) -> Intermediate:
    if not data:
        raise BadMessage("The card terminal sent a status without a code.")
    at = 1 if data[1:2] == bytes((fields.TLV,)) else 2
    shown = tlv.parts_of(_container(fields.decoded(data[at:]))) if len(data) > at else ()
    return Intermediate(data[0], " ".join(_lines(shown, _SHOWN)))


def printed_line(data: bytes) -> Paper:
    """The attribute, the text, and at times a container that says whose receipt it is."""
    if not data:
        return Paper("", ("",))
    attribute, text, kind = data[0], *_split(data[1:])
    if attribute == _FEED:
        return Paper(kind, ("",) * min(text[0] if text else 1, 10))
    if attribute == _LAST_LINE:
        return Paper(kind, (_clean(text),) if text.strip() else (), ends=True)
    return Paper(kind, (_clean(text),))


def printed_block(data: bytes) -> Paper:
    parts = tlv.parts_of(_container(fields.decoded(data)))
    return Paper(_kind(parts), _lines(parts, _LINES), ends=True)


def abort_code(data: bytes) -> int | None:
    return data[0] if data else None


def completion_code(data: bytes) -> int | None:
    """Of a completion that states a result; most state none."""
    try:
        found = fields.decoded(data)
    except BadMessage:
        return None
    return found[fields.RESULT][0] if fields.RESULT in found else None


def terminal_state(message: Apdu) -> int | None:
    """The last byte of what ends a status enquiry: F0, a version with its length, and one byte of state.

    None where that makes no sense.
    """
    data = message.data
    if data[:1] == bytes((fields.VERSION,)) and len(data) > 3:
        try:
            at = 4 + variable_size(data[1:4]) if len(data) > 4 else len(data)
        except BadMessage:
            return None
        return data[at] if at < len(data) else None
    return completion_code(data) if data else 0


def _container(found: dict[int, bytes]) -> bytes:
    return found.get(fields.TLV, b"")


def _number(found: dict[int, bytes], field: int) -> int | None:
    return unpacked(found[field]) if field in found else None


def _text(found: dict[int, bytes], field: int) -> str:
    return without_card_numbers(text_of(found.get(field, b"")))


def _clean(data: bytes) -> str:
    return without_card_numbers(text_of(data))


def _split(data: bytes) -> tuple[bytes, ReceiptKind]:
    """The text, and whose receipt it stands on by the container behind it."""
    at = data.rfind(bytes((fields.TLV, 0x04, 0x1F, 0x07)))
    if at < 0 or at + 6 != len(data):
        return data, ""
    return data[:at], _KINDS.get(data[-1], "")


def _kind(parts: tuple[tlv.Tlv, ...]) -> ReceiptKind:
    found = tlv.find(parts, _RECEIPT_KIND)
    return _KINDS.get(found.value[0], "") if found and found.value else ""


def _lines(parts: tuple[tlv.Tlv, ...], tag: int) -> tuple[str, ...]:
    found = tlv.find(parts, tag)
    return tuple(_clean(part.value) for part in found.children if part.tag == _LINE) if found else ()


def _total(found: dict[int, bytes]) -> int | None:
    """BMP 60, an end of day's totals: two bytes and two of receipt numbers, then counts and sums of six bytes."""
    data = found.get(fields.TOTALS)
    if data is None:
        return None
    pairs = [data[at : at + 7] for at in range(4, len(data) - 6, 7)]
    return sum(unpacked(pair[1:]) for pair in pairs)
