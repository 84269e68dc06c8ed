"""A ticket's lines while promotions are shared out over them: what is free, what is off, what a piece would save."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared_models.pricing import WHOLE_PPM
from shared_models.promotion_groups import Run
from shared_models.promotion_reach import Reach, Touching
from shared_models.promotions import AmountOff, PercentOff, Promotion, SpecialPrice
from shared_models.quantity import MILLI, extend
from shared_models.rounding import divide_rounded


class PromotionLine(msgspec.Struct, frozen=True):
    """What promotions need to know of a line. `amount_minor` is price times quantity, before any discount.

    `measured` is what has no whole pieces: goods by weight, or with the price on the label; so is every line
    that is not pieces times price. `untouched` lines are left alone: deposits, prices that a person has set.
    """

    product_id: str
    category_id: str | None
    quantity_milli: int
    unit_price_minor: int
    amount_minor: int
    measured: bool = False
    untouched: bool = False


class Applied(msgspec.Struct, frozen=True):
    """What one promotion took off one line; `pieces` is how many of the line's pieces it made cheaper."""

    promotion: Promotion
    amount_minor: int
    pieces: int = 0


class Spot(msgspec.Struct):
    """A line that takes part. `left` are the pieces that no promotion has yet; 1 for what is measured."""

    at: int
    line: PromotionLine
    touching: Touching
    measured: bool
    pieces: int
    left: int
    remaining: int
    single: Promotion | None = None
    """What its free pieces would take one by one, and what that would save."""
    single_saving: int = 0
    taken: tuple[Applied, ...] = ()

    def take(self, promotion: Promotion, amount_minor: int, pieces: int) -> None:
        if amount_minor > 0:
            self.remaining -= amount_minor
            self.taken += (Applied(promotion, amount_minor, 0 if self.measured else pieces),)

    def run(self) -> Run:
        return Run(self.at, self.line.unit_price_minor, self.left)

    def saving_of(self, promotion: Promotion, count: int) -> int:
        """What a promotion on single pieces takes off `count` pieces of this line, its condition aside."""
        rule, line = promotion.rule, self.line
        if count <= 0:
            return 0
        if isinstance(rule, PercentOff):
            amount = line.amount_minor if self.measured else line.unit_price_minor * count
            return divide_rounded(amount * rule.percent_ppm, WHOLE_PPM)
        if isinstance(rule, AmountOff):
            if self.measured:
                return min(extend(rule.amount_minor, line.quantity_milli), line.amount_minor)
            return min(rule.amount_minor, line.unit_price_minor) * count
        if isinstance(rule, SpecialPrice) and not self.measured:
            return max(0, line.unit_price_minor - rule.unit_price_minor) * count
        return 0


def spots(lines: Sequence[PromotionLine], reach: Reach) -> list[Spot]:
    """The lines that promotions may touch, dearest first: the same order whichever way the lines lie."""
    found = []
    for at, line in enumerate(lines):
        if line.amount_minor <= 0 or line.quantity_milli <= 0 or line.untouched:
            continue
        touching = reach.touching(line.product_id, line.category_id)
        pieces, rest = divmod(line.quantity_milli, MILLI)
        measured = line.measured or rest != 0 or pieces * line.unit_price_minor != line.amount_minor
        pieces = 1 if measured else pieces
        found.append(Spot(at, line, touching, measured, pieces, pieces, line.amount_minor))
    found.sort(key=lambda spot: (-spot.line.unit_price_minor, spot.line.product_id, spot.at))
    return found
