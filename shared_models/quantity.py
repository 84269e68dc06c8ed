"""Quantities as whole thousandths: two shirts are 2000, 350 grams of cheese sold by the kilogram are 350."""

import operator
import re

from shared_models.errors import ShopError
from shared_models.rounding import Rounding, divide_rounded

MILLI = 1000

# A million pieces of one product on one line is a slip of the finger or of the scanner.
MAX_QUANTITY_MILLI = 1_000_000 * MILLI

_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:[.,]([0-9]*))?", re.ASCII)


class InvalidQuantity(ShopError):
    """What was typed is not a quantity."""

    code = "invalid_quantity"


class QuantityTooLarge(InvalidQuantity):
    code = "quantity_too_large"


def parse_quantity(text: str) -> int:
    """The quantity that a person typed, in thousandths; point and comma both are the decimal sign.

    Raises `InvalidQuantity`. Zero and negative quantities are read; whether they may be sold is decided
    elsewhere.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise InvalidQuantity(
            f"{text[:40]!r} is not a quantity. Enter digits, like 2 or 0.350.", text=text[:40]
        )
    decimals = match[3] or ""
    if len(decimals) > 3:
        raise InvalidQuantity(
            f"{text[:40]!r} has more than three decimals. Enter it like 0.350.", text=text[:40]
        )
    digits = (match[2] + decimals.ljust(3, "0")).lstrip("0") or "0"
    if len(digits) > len(str(MAX_QUANTITY_MILLI)) or int(digits) > MAX_QUANTITY_MILLI:
        raise QuantityTooLarge(
            f"{text[:40]!r} is more than a line can hold. Was a barcode scanned into the quantity?",
            text=text[:40],
        )
    return -int(digits) if match[1] == "-" else int(digits)


def format_quantity(quantity_milli: int, *, decimal_sign: str = ".") -> str:
    """Whole quantities without decimals, all others with three: '2', '-1', '0.350'."""
    whole, milli = divmod(abs(operator.index(quantity_milli)), MILLI)
    sign = "-" if quantity_milli < 0 else ""
    return f"{sign}{whole}{decimal_sign}{milli:03d}" if milli else f"{sign}{whole}"


def extend(unit_price_minor: int, quantity_milli: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """Price times quantity, rounded once."""
    return divide_rounded(unit_price_minor * quantity_milli, MILLI, mode)
