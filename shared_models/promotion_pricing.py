"""What promotions take off a ticket: one engine for till and server, exact and the same in any order of lines.

How promotions meet. Four steps, each on what the one before left over:

1. Exclusive promotions on pieces. A piece takes at most one. Those of the highest priority choose first. Within
   one priority every line weighs the promotions that need one piece only and picks the one that saves most; a
   promotion that needs several pieces takes its pieces from them where it saves more than they would have,
   with all of its groups or none, the one that gains most first.
2. Promotions on pieces that are not exclusive, one after the other, on top.
3. Of the exclusive promotions that want a sum (`SpendAndSave`) the first by priority, then by saving.
4. Those that want a sum and are not exclusive, one after the other, on top.

Ties go to the promotion whose id comes first; of several rates (or amounts, or prices) of one priority on the
same product only the best takes part. Pieces of one price go by product id, then by their place on the ticket.

Returns (what is not more than nothing) and untouched lines neither take a promotion nor count for one. What is
sold by measure takes rates, amounts and thresholds only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared_models.catalogue import Category
from shared_models.moment import Moment
from shared_models.promotion_reach import Reach
from shared_models.promotion_steps import share_out
from shared_models.promotion_ticket import Applied, PromotionLine, spots
from shared_models.promotions import Promotion
from shared_models.sale import LineDiscount

__all__ = ["PROMOTION", "Applied", "PromotionBook", "PromotionLine", "apply_promotions", "line_discount"]

PROMOTION = "promotion"


class PromotionBook:
    """A store's promotions, indexed once; asking it changes nothing but what it remembers of its index."""

    def __init__(self, promotions: Iterable[Promotion], categories: Iterable[Category] = ()) -> None:
        self._promotions = tuple(promotions)
        self._parents = {category.category_id: category.parent_id for category in categories}
        self._reach: tuple[tuple[Promotion, ...], Reach] | None = None

    def apply(
        self, lines: Sequence[PromotionLine], at: Moment, coupons: Iterable[str] = ()
    ) -> tuple[tuple[Applied, ...], ...]:
        """For each line what comes off it, by which promotion: never more than the line is worth."""
        codes = tuple(coupons)
        active = tuple(one for one in self._promotions if _holds(one, at, codes))
        if not active or not lines:
            return ((),) * len(lines)
        taking_part = spots(lines, self._index(active))
        share_out(taking_part)
        taken: list[tuple[Applied, ...]] = [()] * len(lines)
        for spot in taking_part:
            taken[spot.at] = spot.taken
        return tuple(taken)

    def with_coupon(self, code: str) -> tuple[Promotion, ...]:
        """The promotions that wait for this code, whether they hold now or not."""
        return tuple(one for one in self._promotions if one.unlocked_by(code))

    def _index(self, active: tuple[Promotion, ...]) -> Reach:
        known = self._reach
        if known is None or len(known[0]) != len(active) or any(map(_differ, known[0], active)):
            known = self._reach = (active, Reach(active, self._parents))
        return known[1]


def apply_promotions(
    lines: Sequence[PromotionLine],
    promotions: Iterable[Promotion],
    at: Moment,
    coupons: Iterable[str] = (),
    categories: Iterable[Category] = (),
) -> tuple[tuple[LineDiscount, ...], ...]:
    """For each line its discounts, as a sale records them. Who asks often keeps a `PromotionBook`."""
    applied = PromotionBook(promotions, categories).apply(lines, at, coupons)
    return tuple(tuple(map(line_discount, taken)) for taken in applied)


def line_discount(applied: Applied) -> LineDiscount:
    promotion = applied.promotion
    return LineDiscount(PROMOTION, promotion.name, applied.amount_minor, promotion.promotion_id)


def _holds(promotion: Promotion, at: Moment, codes: tuple[str, ...]) -> bool:
    if not promotion.in_force(at):
        return False
    return not promotion.coupon_code or any(promotion.unlocked_by(code) for code in codes)


def _differ(one: Promotion, other: Promotion) -> bool:
    return one is not other
