"""Labels from the scale: EAN-13 numbers that carry a weight or a price beside the article's own number.

Such numbers mean something only inside one shop, so the shop says by rules how it builds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from shared_models.gtin import InvalidBarcode, WrongCheckDigit, check_digit, has_valid_check_digit
from shared_models.rounding import divide_rounded

EAN13_DIGITS = 13

# A UPC-A is an EAN-13 with its first zero left out.
_LENGTHS = (12, 13)

# Modulus tables of the GS1 price check digit: the weighted value of each digit 0 to 9.
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)


class EmbeddedRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How numbers with this prefix are built: prefix, article, [price check digit], value, check digit.

    `decimals` is how many of the value's digits stand after the decimal sign: a price of 2, a weight in grams
    sold by the kilogram of 3. A UPC-A counts with a zero before it, so its prefix 2 is written 02 here.
    """

    prefix: str
    item_digits: int
    value_digits: int
    value_kind: Literal["price", "weight"]
    decimals: int
    price_check_digit: bool = False

    def __post_init__(self) -> None:
        if not (self.prefix.isascii() and self.prefix.isdigit()):
            raise ValueError(f"a rule's prefix must be digits, not {self.prefix!r}")
        if self.item_digits < 1 or self.decimals < 0:
            raise ValueError(
                f"the rule for prefix {self.prefix} needs an article number and no negative decimals"
            )
        if self.price_check_digit and self.value_digits not in (4, 5):
            raise ValueError(
                f"the rule for prefix {self.prefix} has a price check digit, so 4 or 5 value digits"
            )
        length = len(self.prefix) + self.item_digits + self.price_check_digit + self.value_digits + 1
        if self.value_digits < 1 or length != EAN13_DIGITS:
            raise ValueError(f"the rule for prefix {self.prefix} makes {length} digits, not {EAN13_DIGITS}")


class EmbeddedBarcode(msgspec.Struct, frozen=True):
    """What a scale's label says: `item_code` is the article's digits alone, with either amount or weight."""

    code: str
    prefix: str
    item_code: str
    amount_minor: int | None = None
    weight_milli: int | None = None


class WrongPriceCheckDigit(InvalidBarcode):
    code = "barcode_wrong_price_check_digit"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"The price inside {text} does not fit its check digit. Scan again, or weigh and label it again.",
            text=text,
        )


def parse_embedded(code: str, rules: Iterable[EmbeddedRule], exponent: int = 2) -> EmbeddedBarcode | None:
    """What the label says, or None where no rule is for it; the longest prefix wins.

    `exponent` is the currency's number of decimals. Raises `WrongCheckDigit` or `WrongPriceCheckDigit`.
    """
    if not (code.isascii() and code.isdigit()) or len(code) not in _LENGTHS:
        return None
    digits = code.zfill(EAN13_DIGITS)
    rule = max(
        (rule for rule in rules if digits.startswith(rule.prefix)),
        key=lambda rule: len(rule.prefix),
        default=None,
    )
    if rule is None:
        return None
    if not has_valid_check_digit(digits):
        raise WrongCheckDigit(digits, check_digit(digits[:-1]))
    return _parsed(digits, rule, exponent)


def price_check_digit(value: str) -> int:
    """The check digit that GS1 puts before a price of four or five digits."""
    tables: tuple[tuple[int, ...], ...]
    if len(value) == 4:
        tables = (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)
        return sum(table[int(digit)] for table, digit in zip(tables, value, strict=True)) * 3 % 10
    tables = (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS)
    weighted = sum(table[int(digit)] for table, digit in zip(tables, value, strict=True))
    return _FIVE_MINUS.index(-weighted % 10)


def _parsed(digits: str, rule: EmbeddedRule, exponent: int) -> EmbeddedBarcode:
    item_end = len(rule.prefix) + rule.item_digits
    value = digits[item_end + rule.price_check_digit : -1]
    if rule.price_check_digit and price_check_digit(value) != int(digits[item_end]):
        raise WrongPriceCheckDigit(digits)
    item_code = digits[len(rule.prefix) : item_end]
    if rule.value_kind == "weight":
        return EmbeddedBarcode(digits, rule.prefix, item_code, weight_milli=_scaled(value, rule.decimals, 3))
    return EmbeddedBarcode(
        digits, rule.prefix, item_code, amount_minor=_scaled(value, rule.decimals, exponent)
    )


def _scaled(value: str, decimals: int, wanted_decimals: int) -> int:
    return divide_rounded(int(value) * int(10**wanted_decimals), int(10**decimals))
