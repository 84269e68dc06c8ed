"""What a scan is: a GTIN, a label from the scale, or a code of the shop's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from shared_models.embedded_barcode import (
    EmbeddedBarcode,
    EmbeddedRule,
    WrongPriceCheckDigit,
    parse_embedded,
    price_check_digit,
)
from shared_models.gtin import (
    GTIN_LENGTHS,
    InvalidBarcode,
    NotDigits,
    WrongBarcodeLength,
    WrongCheckDigit,
    check_digit,
    compress_upca,
    expand_upce,
    has_valid_check_digit,
    normalise_gtin,
    printed_gtin,
)

__all__ = [
    "EmbeddedBarcode",
    "EmbeddedRule",
    "Gtin",
    "InvalidBarcode",
    "NotDigits",
    "PlainCode",
    "Scan",
    "UnreadableScan",
    "WrongBarcodeLength",
    "WrongCheckDigit",
    "WrongPriceCheckDigit",
    "check_digit",
    "classify_scan",
    "compress_upca",
    "expand_upce",
    "has_valid_check_digit",
    "normalise_gtin",
    "parse_embedded",
    "price_check_digit",
    "printed_gtin",
]

# Longer than any code on goods; a document pasted into the scan field is refused early.
MAX_SCAN_CHARACTERS = 128

# What a scanner may put before the data: a bracket, the kind of symbol, a modifier (ISO/IEC 15424).
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Scanners end with Enter or Tab; other control characters are never right.
_TYPED_AROUND = " \t\r\n"
_EAN_UPC = "]E"
_EAN_8 = "]E4"


class Gtin(msgspec.Struct, frozen=True):
    """A GTIN in canonical form. `alternative` is set for eight digits that may as well be a UPC-E: look there
    when the first is not for sale."""

    gtin: str
    alternative: str | None = None

    def candidates(self) -> tuple[str, ...]:
        """The numbers to look up, the likelier first."""
        return (self.gtin,) if self.alternative is None else (self.gtin, self.alternative)


class PlainCode(msgspec.Struct, frozen=True):
    """An article number, a receipt number or any other code; only the shop's own records say what it is."""

    code: str


Scan = Gtin | EmbeddedBarcode | PlainCode


class UnreadableScan(InvalidBarcode):
    """Control characters or nothing at all: a scanner set up wrongly, or a symbol that is no product code."""

    code = "scan_unreadable"


def classify_scan(text: str, rules: Sequence[EmbeddedRule] = (), exponent: int = 2) -> Scan:
    """What was scanned or typed, symbology identifier removed and check digits verified.

    Raises `InvalidBarcode` or one of its kinds. Eight digits without a fitting check digit count as a code of
    the shop's own, unless the scanner says that they are an EAN-8.
    """
    code, symbology = _cleaned(text)
    if symbology.startswith(_EAN_UPC):
        _check_ean(code, symbology)
    if not (code.isascii() and code.isdigit()) or len(code) not in GTIN_LENGTHS:
        return PlainCode(code)
    if len(code) == 8:
        return _eight_digits(code, symbology)
    gtin = normalise_gtin(code)
    return parse_embedded(code, rules, exponent) or Gtin(gtin)


def _cleaned(text: str) -> tuple[str, str]:
    """The code and, if the scanner sends one, its symbology identifier."""
    code = text.strip(_TYPED_AROUND)
    if not code.isprintable():
        raise UnreadableScan(
            "The scan holds control characters, so it is no product code. Scan the barcode of the product.",
            characters=sorted(
                {f"U+{ord(character):04X}" for character in code if not character.isprintable()}
            ),
        )
    found = _SYMBOLOGY.match(code)
    symbology = found[0] if found else ""
    code = code[len(symbology) :]
    if not code:
        raise UnreadableScan("Nothing was scanned. Scan again or type the number.")
    if len(code) > MAX_SCAN_CHARACTERS:
        raise WrongBarcodeLength(code, f"at most {MAX_SCAN_CHARACTERS}")
    return code, symbology


def _check_ean(code: str, symbology: str) -> None:
    """What a scanner calls an EAN or UPC has their digits, or the scan was cut short."""
    if not (code.isascii() and code.isdigit()):
        raise NotDigits(code)
    if len(code) not in ((8,) if symbology == _EAN_8 else (8, 12, 13)):
        raise WrongBarcodeLength(code, "8, 12 or 13 digits")


def _eight_digits(code: str, symbology: str) -> Gtin | PlainCode:
    if symbology == _EAN_8:
        return Gtin(normalise_gtin(code))
    short = _upce_gtin(code)
    if has_valid_check_digit(code):
        return Gtin(normalise_gtin(code), alternative=short)
    if short is not None:
        return Gtin(short)
    if symbology.startswith(_EAN_UPC):
        raise WrongCheckDigit(code, check_digit(code[:-1]))
    return PlainCode(code)


def _upce_gtin(code: str) -> str | None:
    try:
        return normalise_gtin(expand_upce(code))
    except InvalidBarcode:
        return None
