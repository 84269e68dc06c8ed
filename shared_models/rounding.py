"""Rounding of whole numbers, the only place where an amount loses a fraction.

Every mode is symmetric around zero, so that a return always mirrors its sale.
"""

import enum


class Rounding(enum.Enum):
    """What happens to a fraction. `UP` is away from zero and `DOWN` towards it, whatever the sign."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    UP = "up"
    DOWN = "down"


def divide_rounded(numerator: int, denominator: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """The quotient as a whole number. A denominator of zero is a bug of the caller and raises."""
    negative = (numerator < 0) != (denominator < 0)
    quotient, rest = divmod(abs(numerator), abs(denominator))
    if rest and _rounds_away(quotient, 2 * rest - abs(denominator), mode):
        quotient += 1
    return -quotient if negative else quotient


def round_to_step(amount_minor: int, step_minor: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """The nearest multiple of the smallest coin that is still handed out."""
    if step_minor <= 0:
        raise ValueError(f"a rounding step must be positive, not {step_minor}")
    return divide_rounded(amount_minor, step_minor, mode) * step_minor


def _rounds_away(quotient: int, beyond_half: int, mode: Rounding) -> bool:
    if mode is Rounding.UP:
        return True
    if mode is Rounding.DOWN:
        return False
    if beyond_half != 0:
        return beyond_half > 0
    return mode is Rounding.HALF_UP or (mode is Rounding.HALF_EVEN and quotient % 2 == 1)
