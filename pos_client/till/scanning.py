"""What a scan says: which product, and how much of it, for what price, with which serial or lot."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pos_client.till import gs1_scan
from pos_client.till.refusals import Refused
from pos_client.till.state import Severity
from shared_models.barcode import (
    EmbeddedBarcode,
    EmbeddedRule,
    Gtin,
    InvalidBarcode,
    WrongCheckDigit,
    WrongPriceCheckDigit,
    classify_scan,
)
from shared_models.quantity import InvalidQuantity, parse_quantity

MAX_SCAN = 128
MAX_LINK = 500
_MULTIPLIER_SIGNS = ("*", "×")


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """`codes` are tried in order; `shown` is what the ticket shows.

    `count_milli` was typed before the code or is in it, `measure_milli` and `amount_minor` came out of it.
    `suspicion` is the refusal for the case that no code is known.
    """

    codes: tuple[str, ...]
    shown: str
    count_milli: int | None = None
    measure_milli: int | None = None
    amount_minor: int | None = None
    serial: str = ""
    lot: str = ""
    suspicion: str = ""


def read_scan(text: str, rules: Sequence[EmbeddedRule], exponent: int) -> Scan:
    """Raises Refused for what can't be a code; whether a product has it is not asked here."""
    text = text.strip(" \t\r\n")
    if not text:
        raise Refused("no_code")
    if len(text) > (MAX_LINK if gs1_scan.is_link(text) else MAX_SCAN):
        raise _loud("scan_too_long")
    if not text.replace(gs1_scan.SEPARATOR, "").isprintable():
        raise _loud("unreadable_scan")
    count, code = _multiplied(text)
    scan = _read_code(code, rules, exponent)
    return scan if count is None else msgspec.structs.replace(scan, count_milli=count)


def _multiplied(text: str) -> tuple[int | None, str]:
    """'3*4006381333931' is three of it. A code that only holds a star somewhere is left alone."""
    for sign in _MULTIPLIER_SIGNS:
        before, found, code = text.partition(sign)
        if found and code.strip() and before.strip()[:1] in tuple("0123456789.,-+"):
            return _count(before), code.strip()
    return None, text


def _count(text: str) -> int:
    try:
        return parse_quantity(text)
    except InvalidQuantity:
        raise _loud("bad_multiplier", text=text[:20]) from None


def _read_code(code: str, rules: Sequence[EmbeddedRule], exponent: int) -> Scan:
    if gs1_scan.looks_like_gs1(code):
        return _from_gs1(gs1_scan.read(code, exponent))
    try:
        found = classify_scan(code, rules, exponent)
    except (WrongCheckDigit, WrongPriceCheckDigit):
        return Scan(codes=(code,), shown=code, suspicion="wrong_check_digit")
    except InvalidBarcode:
        raise _loud("unreadable_scan") from None
    if isinstance(found, EmbeddedBarcode):
        return _from_label(found)
    if isinstance(found, Gtin):
        more = (found.alternative,) if found.alternative else ()
        return Scan(codes=(found.gtin, *more, code), shown=code)
    return Scan(codes=(found.code,), shown=found.code)


def _from_label(label: EmbeddedBarcode) -> Scan:
    value = label.amount_minor if label.weight_milli is None else label.weight_milli
    if not value:
        raise _loud("embedded_price_zero")
    return Scan(
        codes=(label.prefix + label.item_code, label.item_code),
        shown=label.code,
        measure_milli=label.weight_milli,
        amount_minor=label.amount_minor,
    )


def _from_gs1(read: gs1_scan.Elements) -> Scan:
    if read.amount_minor == 0 or read.weight_milli == 0:
        raise _loud("embedded_price_zero")
    return Scan(
        codes=(read.gtin,),
        shown=read.gtin.removeprefix("0"),
        count_milli=read.count_milli,
        measure_milli=read.weight_milli,
        amount_minor=read.amount_minor,
        serial=read.serial,
        lot=read.lot,
    )


def _loud(code: str, /, **values: str | int) -> Refused:
    return Refused(code, severity=Severity.DANGER, **values)
