"""Baskets and promotions in few words, for tests of promotions."""

from __future__ import annotations

from collections.abc import Sequence

from shared_models.catalogue import Category
from shared_models.moment import Moment
from shared_models.promotion_pricing import PromotionLine, apply_promotions
from shared_models.promotions import Promotion, Rule, Target

SATURDAY = Moment(1_795_244_640_000, 60)  # 2026-11-21 08:04 in the shop
DRINKS = Category("drinks", "Drinks")
JUICE = Category("juice", "Juice", parent_id="drinks")


def pieces(
    product_id: str, price_minor: int, count: int = 1, category_id: str | None = None
) -> PromotionLine:
    return PromotionLine(product_id, category_id, count * 1000, price_minor, price_minor * count)


def weighed(product_id: str, price_minor: int, milli: int, amount_minor: int) -> PromotionLine:
    return PromotionLine(product_id, None, milli, price_minor, amount_minor, measured=True)


def promotion(rule: Rule, *products: str, promotion_id: str = "p1", **other: object) -> Promotion:
    """One on these products, or on everything."""
    fields: dict[str, object] = {"name": "Winter sale", "applies_to": Target(products=products)} | other
    return Promotion(promotion_id=promotion_id, rule=rule, **fields)  # type: ignore[arg-type]


def off(
    lines: Sequence[PromotionLine],
    *promotions: Promotion,
    at: Moment = SATURDAY,
    coupons: Sequence[str] = (),
) -> list[int]:
    """What comes off each line."""
    given = apply_promotions(lines, promotions, at, coupons, (DRINKS, JUICE))
    return [sum(one.amount_minor for one in discounts) for discounts in given]


def by_whom(lines: Sequence[PromotionLine], *promotions: Promotion) -> list[list[tuple[str, int]]]:
    """The same by promotion."""
    given = apply_promotions(lines, promotions, SATURDAY)
    return [[(one.reference, one.amount_minor) for one in discounts] for discounts in given]
