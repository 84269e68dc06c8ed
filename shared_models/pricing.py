"""How a line gets its price: what comes off by hand, after what promotions will take off the same amounts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared_models.money import allocate
from shared_models.rounding import divide_rounded

WHOLE_PPM = 1_000_000


class ManualDiscount(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A discount that an operator gave: a rate or an amount, never both."""

    percent_ppm: int = 0
    amount_minor: int = 0
    reason: str = ""
    approved_by: str = ""

    def off(self, amount_minor: int) -> int:
        """What comes off `amount_minor`: never more than all of it."""
        wanted = self.amount_minor or divide_rounded(amount_minor * self.percent_ppm, WHOLE_PPM)
        return max(0, min(wanted, amount_minor))


def shares(discount: ManualDiscount | None, amounts_minor: Sequence[int]) -> list[int]:
    """A discount on the whole sale as each line's part of it, in proportion and without a remainder."""
    whole = sum(amounts_minor)
    if discount is None or whole <= 0:
        return [0] * len(amounts_minor)
    return allocate(discount.off(whole), amounts_minor)
