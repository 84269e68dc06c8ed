"""Which bars a code gets: the GTIN's own kind, Code 128 for everything else, none for what no bars can carry."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared_models.gtin import CANONICAL_DIGITS, has_valid_check_digit

Kind = Literal["ean13", "ean8", "upca", "code128"]
LONGEST_CODE128 = 24
# Modules between the outer bars (GS1 General Specifications, section 5.2), and what stays empty left and right of them.
_MODULES = {"ean13": 95, "upca": 95, "ean8": 67}
_QUIET = {"ean13": 11, "upca": 9, "ean8": 7, "code128": 10}
_CODE128_SYMBOL, _CODE128_STOP = 11, 13


class Symbol(msgspec.Struct, frozen=True):
    """`data` is all that the bars carry, with its check digit."""

    kind: Kind
    data: str

    @property
    def quiet_modules(self) -> int:
        """On each side."""
        return _QUIET[self.kind]

    @property
    def modules(self) -> int:
        """From quiet zone to quiet zone."""
        inside = _MODULES.get(self.kind) or _code128_modules(self.data)
        return inside + 2 * self.quiet_modules


def symbol_of(code: str) -> Symbol | None:
    """A canonical GTIN as it is printed on goods; twelve digits make a UPC-A, which is what North America scans."""
    if len(code) == CANONICAL_DIGITS and has_valid_check_digit(code):
        return _of_gtin(code)
    if 0 < len(code) <= LONGEST_CODE128 and code.isascii() and code.isprintable() and code.strip() == code:
        return Symbol("code128", code)
    return None


def in_pairs(data: str) -> bool:
    """Whether Code 128 packs it two digits at a time."""
    return data.isdigit() and len(data) % 2 == 0 and len(data) >= 4


def _of_gtin(gtin: str) -> Symbol:
    if gtin.startswith("000000"):
        return Symbol("ean8", gtin[6:])
    if gtin.startswith("00"):
        return Symbol("upca", gtin[2:])
    if gtin.startswith("0"):
        return Symbol("ean13", gtin[1:])
    return Symbol("code128", gtin)


def _code128_modules(data: str) -> int:
    """Start, data, check symbol, stop."""
    symbols = len(data) // 2 if in_pairs(data) else len(data)
    return _CODE128_SYMBOL * (symbols + 2) + _CODE128_STOP
