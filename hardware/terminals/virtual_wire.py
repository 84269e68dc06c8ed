"""The bytes that the card terminal made of software says; what it was told to leak stands in every field it can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hardware.terminals.zvt import fields, messages, tlv
from hardware.terminals.zvt.apdu import Apdu
from hardware.terminals.zvt.digits import bytes_of, packed

TERMINAL_ID = "52500041"
_MERCHANT_ID = "100461763"
_KIND = {"merchant": 1, "customer": 2, "other": 3}


class Booking(msgspec.Struct, frozen=True):
    """A transaction as this terminal has stored it. `reverses` is the trace of the payment that it takes back.

    `is_refund`: money went to a card, and no payment is named.
    """

    amount_minor: int
    trace: int
    receipt_number: int
    date: str
    time: str
    currency: bytes
    brand: str = "VISA"
    card_number: str = "4111111111111111"
    authorisation: str = "417203"
    reverses: int = 0
    is_reversed: bool = False
    is_refund: bool = False

    @property
    def charged_minor(self) -> int:
        """Less than nothing where money went back."""
        return -self.amount_minor if self.reverses or self.is_refund else self.amount_minor


def status(booking: Booking, *, leaks: bool) -> Apdu:
    number = booking.card_number
    shown = number if leaks else "E" * (len(number) - 4) + number[-4:]
    said = f" {number}" if leaks else ""
    found = {
        fields.RESULT: b"\0",
        fields.AMOUNT: packed(booking.amount_minor, 6),
        fields.TRACE: packed(booking.trace, 3),
        fields.TIME: bytes.fromhex(booking.time),
        fields.DATE: bytes.fromhex(booking.date),
        fields.CARD_NUMBER: bytes.fromhex(shown + "F" * (len(shown) % 2)),
        fields.TERMINAL_ID: bytes.fromhex(TERMINAL_ID),
        fields.MERCHANT_ID: bytes_of((number if leaks else _MERCHANT_ID).ljust(15)[:15]),
        fields.AUTHORISATION: bytes_of(booking.authorisation).ljust(8, b"\0"),
        fields.ADDITIONAL: bytes_of(f"AUTH {booking.authorisation}{said}"),
        fields.CURRENCY: booking.currency,
        fields.RECEIPT: packed(booking.receipt_number, 2),
        fields.CARD_NAME: bytes_of(booking.brand + said) + b"\0",
    }
    if leaks:
        found[0x23] = bytes.fromhex(f"{number}D2512101000000000000F"[:36].ljust(36, "F"))
        found[0x24] = bytes_of(f";{number}=2512101?")
    if booking.reverses:
        found[fields.ORIGINAL_TRACE] = packed(booking.reverses, 3)
    return Apdu(messages.STATUS, fields.encoded(found))


def failed(result: int, text: str = "") -> Apdu:
    found = {fields.RESULT: bytes((result,)), fields.TERMINAL_ID: bytes.fromhex(TERMINAL_ID)}
    if text:
        found[fields.ADDITIONAL] = bytes_of(text)
    return Apdu(messages.STATUS, fields.encoded(found))


def end_of_day(total_minor: int) -> Apdu:
    found = {fields.RESULT: b"\0", fields.AMOUNT: packed(total_minor, 6)}
    return Apdu(messages.STATUS, fields.encoded(found))


def step(code: int, text: str = "") -> Apdu:
    if not text:
        return Apdu(messages.INTERMEDIATE, bytes((code,)))
    shown = tlv.Tlv(0x24, children=(tlv.Tlv(0x07, bytes_of(text)),))
    return Apdu(
        messages.INTERMEDIATE, bytes((code, 0)) + fields.encoded({fields.TLV: tlv.container((shown,))})
    )


def block(kind: str, lines: Sequence[str]) -> Apdu:
    text = tlv.Tlv(0x25, children=tuple(tlv.Tlv(0x07, bytes_of(line) or b" ") for line in lines))
    parts = (tlv.Tlv(0x1F07, bytes((_KIND[kind],))), text)
    return Apdu(messages.PRINT_BLOCK, fields.encoded({fields.TLV: tlv.container(parts)}))


def line_by_line(lines: Sequence[str]) -> Iterator[Apdu]:
    for line in lines:
        yield Apdu(messages.PRINT_LINE, b"\0" + bytes_of(line))
    yield Apdu(messages.PRINT_LINE, b"\x81")


def receipt(booking: Booking, heading: str, *, leaks: bool) -> list[str]:
    number = booking.card_number
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    shown = [number, grouped] if leaks else [f"**** **** **** {number[-4:]}"]
    title = "REVERSAL" if booking.reverses else "REFUND" if booking.is_refund else "SALE"
    amount = f"{booking.amount_minor // 100},{booking.amount_minor % 100:02d}"
    return [
        heading,
        title,
        f"Terminal-ID: {TERMINAL_ID}",
        f"Trace {booking.trace:06d}   Receipt {booking.receipt_number:04d}",
        booking.brand,
        "AID: A0000000031010",
        *(f"Card: {one}" for one in shown),
        f"Amount {amount}",
        f"Authorisation {booking.authorisation}",
    ]


def completion(data: bytes = b"") -> Apdu:
    return Apdu(messages.COMPLETION, data)


def aborted(code: int) -> Apdu:
    return Apdu(messages.ABORTED, bytes((code,)))
