"""What the till says to a terminal (PA00P015, 'Commands from ECR to PT')."""

from __future__ import annotations

from hardware.terminals.zvt import fields, tlv
from hardware.terminals.zvt.apdu import Apdu
from hardware.terminals.zvt.digits import bytes_of, packed

REGISTRATION, AUTHORISATION, LOG_OFF, REPEAT_RECEIPT = 0x0600, 0x0601, 0x0602, 0x0620
REVERSAL, REFUND, END_OF_DAY, ABORT, DISPLAY_TEXT, STATUS_ENQUIRY = (
    0x0630, 0x0631, 0x0650, 0x06B0, 0x06E0, 0x0501,
)  # fmt: skip
CURRENCIES = {"EUR": 978, "CHF": 756, "USD": 840, "GBP": 826, "PLN": 985, "CZK": 203, "HUF": 348, "SEK": 752,
              "DKK": 208, "NOK": 578, "RON": 946, "BGN": 975, "TRY": 949}  # fmt: skip
"""ISO 4217, the ones that a terminal with this protocol is set up for."""

_PASSWORD_BYTES = 3
_CONFIG = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""The till prints payment and other receipts, wants intermediate status, starts payments itself, and gets its paper
line by line or as a block."""
_TEXT_BLOCK = (0x06D3).to_bytes(2, "big")
_PERMITTED, _COMMAND = 0x26, 0x0A


def registration(password: int, currency: str) -> Apdu:
    """Says what the till can do; tag 26 that it takes a receipt as one block."""
    wanted = tlv.Tlv(_PERMITTED, children=(tlv.Tlv(_COMMAND, _TEXT_BLOCK),))
    more = fields.encoded({fields.TLV: tlv.container((wanted,))})
    return Apdu(REGISTRATION, _password(password) + bytes((_CONFIG,)) + _currency(currency) + more)


def authorisation(amount_minor: int, currency: str) -> Apdu:
    assert amount_minor > 0, amount_minor
    return Apdu(
        AUTHORISATION,
        fields.encoded({fields.AMOUNT: packed(amount_minor, 6), fields.CURRENCY: _currency(currency)}),
    )


def reversal(password: int, receipt_number: int, amount_minor: int, currency: str) -> Apdu:
    """Of the payment with that receipt number of the terminal's."""
    named = {
        fields.RECEIPT: packed(receipt_number, 2),
        fields.AMOUNT: packed(amount_minor, 6),
        fields.CURRENCY: _currency(currency),
    }
    return Apdu(REVERSAL, _password(password) + fields.encoded(named))


def refund(password: int, amount_minor: int, currency: str) -> Apdu:
    """Onto the card that the customer shows; it names no payment."""
    assert amount_minor > 0, amount_minor
    given = {fields.AMOUNT: packed(amount_minor, 6), fields.CURRENCY: _currency(currency)}
    return Apdu(REFUND, _password(password) + fields.encoded(given))


def end_of_day(password: int) -> Apdu:
    return Apdu(END_OF_DAY, _password(password))


def repeat_receipt(password: int) -> Apdu:
    """Asks for the last stored payment: its status information, then its receipts."""
    return Apdu(REPEAT_RECEIPT, _password(password))


def status_enquiry(password: int) -> Apdu:
    return Apdu(STATUS_ENQUIRY, _password(password))


def abort() -> Apdu:
    """Asks the terminal to leave off; it need not."""
    return Apdu(ABORT)


def log_off() -> Apdu:
    return Apdu(LOG_OFF)


def display_text(seconds: int, *lines: str) -> Apdu:
    """Up to eight lines on the terminal's display."""
    assert 1 <= len(lines) <= 8, lines
    shown = {fields.VERSION + at: bytes_of(line) for at, line in enumerate(lines, 1)}
    return Apdu(DISPLAY_TEXT, fields.encoded({fields.VERSION: bytes((seconds,)), **shown}))


def _password(password: int) -> bytes:
    return packed(password, _PASSWORD_BYTES)


def _currency(code: str) -> bytes:
    return packed(CURRENCIES[code], 2)
