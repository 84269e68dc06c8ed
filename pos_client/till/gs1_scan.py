"""GS1 codes: GTIN, lot, serial number, weight and price in one scan, as an element string or a Digital Link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from hardware.scanners.base import without_symbology
from pos_client.till.refusals import Refused
from pos_client.till.state import Severity
from shared_models.gtin import has_valid_check_digit
from shared_models.quantity import MILLI
from shared_models.rounding import divide_rounded

if TYPE_CHECKING:
    from biip.gs1_element_strings import GS1ElementStrings

SEPARATOR = "\x1d"
_GS1_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
_BRACKETED = re.compile(r"\(\d{2,4}\)", re.ASCII)
_LINK = re.compile(r"https?://[^/?#]+/(?:(?:[^?#]*/)?01/|[^#]*[?&;]01=)\d", re.ASCII | re.IGNORECASE)
_GTIN_END = 16


class Elements(msgspec.Struct, frozen=True, kw_only=True):
    """What the till takes from a GS1 code; `gtin` has its fourteen digits."""

    gtin: str
    lot: str = ""
    serial: str = ""
    count_milli: int | None = None
    weight_milli: int | None = None
    amount_minor: int | None = None


def is_link(code: str) -> bool:
    """Whether it is a web address that names a GTIN, as QR codes on goods have it."""
    return _LINK.match(without_symbology(code)) is not None


def looks_like_gs1(code: str) -> bool:
    """By the scanner's own word, by a separator, or by a GTIN that stands where an element string has it."""
    if code.startswith(_GS1_SYMBOLOGIES) or _BRACKETED.match(code) or SEPARATOR in code or is_link(code):
        return True
    gtin = code[2:_GTIN_END]
    return len(code) >= _GTIN_END and code.startswith("01") and gtin.isdigit() and has_valid_check_digit(gtin)


def read(code: str, exponent: int) -> Elements:
    """Raises Refused for a code that is damaged, contradicts itself or names no product."""
    values = elements(code)
    gtin = values.get("01", "")
    if not gtin:
        raise Refused("gs1_without_product", severity=Severity.DANGER)
    if not has_valid_check_digit(gtin):
        raise Refused("wrong_check_digit", severity=Severity.DANGER, code=gtin)
    return Elements(
        gtin=gtin,
        lot=values.get("10", ""),
        serial=values.get("21", ""),
        count_milli=int(values["30"]) * MILLI if values.get("30") else None,
        weight_milli=_scaled(values, "310", 3),
        amount_minor=_scaled(values, "392", exponent),
    )


def elements(code: str) -> dict[str, str]:
    """Application identifiers with their values, in the order of the code. Raises Refused."""
    # biip takes a quarter of a second to import, which a till that sells no such goods never spends.
    from biip import ParseError

    try:
        strings = _parsed(without_symbology(code))
    except ParseError:
        raise Refused("wrong_check_digit", severity=Severity.DANGER, code=_printable(code)) from None
    values: dict[str, str] = {}
    for element in strings:
        if values.setdefault(element.ai.ai, element.value) != element.value:
            raise Refused("gs1_contradicts", severity=Severity.DANGER)
    return values


def _parsed(code: str) -> GS1ElementStrings:
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI
    from biip.gs1_messages import GS1Message

    if _LINK.match(code):
        return GS1DigitalLinkURI.parse(code).element_strings
    parse = GS1Message.parse_hri if code.startswith("(") else GS1Message.parse
    return parse(code.strip(SEPARATOR)).element_strings


def _scaled(values: dict[str, str], family: str, wanted_decimals: int) -> int | None:
    """The fourth digit of these identifiers says how many decimals the value has."""
    for identifier, value in values.items():
        if len(identifier) == 4 and identifier.startswith(family):
            return divide_rounded(int(value) * int(10**wanted_decimals), int(10 ** int(identifier[3])))
    return None


def _printable(code: str) -> str:
    return code.replace(SEPARATOR, " ")[:40]
