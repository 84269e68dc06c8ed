"""Money as whole minor units: reading, writing and dividing amounts without ever losing a cent.

Amounts are plain ints; the currency travels beside them. Languages and their customs are for the user
interface.
"""

import operator
import re
from collections.abc import Sequence

from shared_models.currency import CURRENCIES, DENOMINATIONS, NOTES, Currency, UnknownCurrency, currency
from shared_models.errors import ShopError
from shared_models.rounding import Rounding, divide_rounded, round_to_step

__all__ = [
    "CURRENCIES",
    "DENOMINATIONS",
    "MAX_AMOUNT_MINOR",
    "AmountTooLarge",
    "Currency",
    "InvalidAmount",
    "Rounding",
    "TooManyDecimals",
    "UnknownCurrency",
    "allocate",
    "currency",
    "divide_rounded",
    "format_amount",
    "parse_amount",
    "quick_cash_amounts",
    "round_to_step",
]

# Far above any till and far below what a 64-bit column holds, so sums of amounts stay safe as well.
MAX_AMOUNT_MINOR = 10**14

_QUICK_AMOUNTS = 5
_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:[.,]([0-9]*))?", re.ASCII)


class InvalidAmount(ShopError):
    """What was typed is not an amount of this currency."""

    code = "invalid_amount"


class TooManyDecimals(InvalidAmount):
    code = "amount_has_too_many_decimals"


class AmountTooLarge(InvalidAmount):
    code = "amount_too_large"


def parse_amount(text: str, currency: Currency) -> int:
    """The amount that a person typed, in minor units.

    Point and comma both are the decimal sign, so grouped digits are refused rather than guessed.
    Raises `InvalidAmount`.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise InvalidAmount(f"{text[:40]!r} is not an amount. {_advice(currency)}", text=text[:40])
    decimals = match[3] or ""
    if len(decimals) > currency.exponent:
        raise TooManyDecimals(
            f"{text[:40]!r} has more decimals than {currency.code} has. {_advice(currency)}", text=text[:40]
        )
    digits = (match[2] + decimals.ljust(currency.exponent, "0")).lstrip("0") or "0"
    if len(digits) > len(str(MAX_AMOUNT_MINOR)) or int(digits) > MAX_AMOUNT_MINOR:
        raise AmountTooLarge(f"{text[:40]!r} is too large. Check the number of digits.", text=text[:40])
    return -int(digits) if match[1] == "-" else int(digits)


def format_amount(
    amount_minor: int,
    currency: Currency,
    *,
    symbol: bool = False,
    sign: bool = False,
    grouping: str = "",
    decimal_sign: str = ".",
) -> str:
    """The amount as plain text, the same on every machine: '36.82', '€ 36.82', '-€ 1.05', '+1,234.50'.

    `sign` puts a plus before positive amounts; `grouping` goes between thousands.
    """
    whole, decimals = divmod(abs(operator.index(amount_minor)), currency.unit_minor())
    text = f"{whole:,}".replace(",", grouping)
    if currency.exponent:
        text += f"{decimal_sign}{decimals:0{currency.exponent}d}"
    before = "-" if amount_minor < 0 else "+" if sign and amount_minor > 0 else ""
    return f"{before}{currency.symbol} {text}" if symbol else before + text


def allocate(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """The amount split in proportion to the weights, without a remainder.

    What rounding leaves over goes to the largest fractions, the earlier one on a tie. Weights that are all
    zero share equally. Negative amounts mirror positive ones.
    """
    if not weights:
        raise ValueError("an amount can't be split over nothing")
    if min(weights) < 0:
        raise ValueError("weights can't be negative")
    if amount_minor < 0:
        return [-part for part in allocate(-amount_minor, weights)]
    shares = weights if any(weights) else [1] * len(weights)
    total = sum(shares)
    parts = [amount_minor * share // total for share in shares]
    by_fraction = sorted(range(len(shares)), key=lambda at: -(amount_minor * shares[at] % total))
    for at in by_fraction[: amount_minor - sum(parts)]:
        parts[at] += 1
    return parts


def quick_cash_amounts(
    due_minor: int, currency: Currency, *, step_minor: int = 1, mode: Rounding = Rounding.HALF_UP
) -> tuple[int, ...]:
    """What a customer probably hands over: the sum as cash can pay it, the next round sum, the next notes.

    At most five, ascending. None when there is nothing to take (a refund, or a sum that rounds to nothing).
    """
    exact = round_to_step(due_minor, step_minor, mode)
    if exact <= 0:
        return ()
    proposals = {exact, round_to_step(exact, _round_sum(currency), Rounding.UP)}
    for note in NOTES[currency.code]:
        # Nobody pays 1234.50 with 62 twenties; but fifties and hundreds do pile up.
        if note >= exact or not str(note).startswith("2"):
            proposals.add(round_to_step(exact, note, Rounding.UP))
    return tuple(sorted(proposals)[:_QUICK_AMOUNTS])


def _round_sum(currency: Currency) -> int:
    if currency.exponent:
        return currency.unit_minor()
    return max(1, NOTES[currency.code][0] // 10)


def _advice(currency: Currency) -> str:
    return f"Enter digits, like {format_amount(1250 * currency.unit_minor() // 100, currency)}."
