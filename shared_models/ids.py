"""Identifiers: event ids, incarnations, receipt series and receipt numbers."""

from __future__ import annotations

import base64

RECEIPT_DIGITS = 6


def uuid7(at_ms: int, random: bytes) -> str:
    """A UUID version 7 (RFC 9562, 5.7) as 32 hex digits. Its order is never relied on.

    `random` is 10 fresh random bytes; 74 bits of them are used.
    """
    if len(random) != 10:
        raise ValueError("uuid7 needs 10 random bytes")
    value = (at_ms & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return f"{value:032x}"


def series_of(incarnation: bytes) -> str:
    """The receipt series of a till's incarnation: three base32 characters, so a restored till changes visibly."""
    return base64.b32encode(incarnation)[:3].decode()


def receipt_number(till_id: str, series: str, number: int) -> str:
    """`03-2-K7Q-001284`: till, series, and a number that is dense within the series."""
    return f"{till_id}-{series}-{number:0{RECEIPT_DIGITS}d}"


def evidence_code(body_hash: bytes) -> str:
    """What a receipt prints of its journal entry: the first eight base32 characters of the body's hash."""
    return base64.b32encode(body_hash[:5]).decode()
