"""How long promotions take on a long ticket, and a scan in the till's core with them.

Run `python -m tests.performance.promotion_benchmark`; it prints medians and 99th percentiles, and whether goals hold.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from pos_client.till.session import TillSession
from shared_models.catalogue import Category, Offer
from shared_models.moment import Moment
from shared_models.promotion_pricing import PromotionBook, PromotionLine
from shared_models.promotions import (
    AmountOff,
    BuyGet,
    MixAndMatch,
    PercentOff,
    Promotion,
    Rule,
    SpecialPrice,
    SpendAndSave,
    Target,
)
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import offer

AT = Moment(1_795_000_000_000)
SEED = 5
LINES = 200
PROMOTIONS = 50
PRODUCTS = 2000
CATEGORIES = 40
GOALS_MS = {"50 promotions on 200 lines": 2.0, "scan with 200 lines": 4.0}
"""Medians: the machine that measures has other things to do."""
_RULES: tuple[Rule, ...] = (
    PercentOff(150_000),
    AmountOff(50),
    SpecialPrice(199),
    BuyGet(2, 1),
    MixAndMatch(3, 500),
    SpendAndSave(5000, amount_minor=500),
)


def main() -> int:
    chance = random.Random(SEED)
    categories = [
        Category(f"c{n}", f"Category {n}", f"c{n % 5}" if n >= 5 else None) for n in range(CATEGORIES)
    ]
    offers = [_offer(number, chance) for number in range(PRODUCTS)]
    promotions = tuple(_promotion(number, chance) for number in range(PROMOTIONS))
    chosen = chance.sample(offers, LINES + 1)

    book = PromotionBook(promotions, categories)
    lines = [_line(one, chance.choice((1, 1, 2, 3))) for one in chosen[:LINES]]
    engine = measure("50 promotions on 200 lines", lambda: book.apply(lines, AT), 200)

    shop = Shop()
    shop.catalogue.offers = {one.product.product_id: one for one in chosen}
    shop.catalogue.offered = promotions
    till = shop.opened()
    for one in chosen[:LINES]:
        till.add_product(one.product.product_id)
    scan = measure("scan with 200 lines", lambda: _scan_and_void(till, chosen[LINES]), 200)
    print("goals reached" if engine and scan else "goals MISSED")
    return 0 if engine and scan else 1


def _scan_and_void(till: TillSession, extra: Offer) -> float:
    """Only the scan is counted; the ticket is as long as before afterwards."""
    started = time.perf_counter()
    till.add_product(extra.product.product_id)
    took = time.perf_counter() - started
    till.void_line()
    return took


def measure(name: str, work: Callable[[], object], count: int) -> bool:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        took = work()
        times.append(took if isinstance(took, float) else time.perf_counter() - started)
    times.sort()
    p50, p99 = times[count // 2] * 1000, times[count * 99 // 100] * 1000
    print(f"{name:28} p50 {p50:7.3f} ms  p99 {p99:7.3f} ms  (goal {GOALS_MS[name]:g} ms)")
    return p50 < GOALS_MS[name]


def _offer(number: int, chance: random.Random) -> Offer:
    made = offer(f"p{number}", f"Product {number}", chance.randrange(50, 3000))
    product = made.product.__class__(
        product_id=made.product.product_id,
        number=number,
        sku=made.product.sku,
        name=made.product.name,
        tax_category_id=made.product.tax_category_id,
        category_id=f"c{chance.randrange(CATEGORIES)}",
    )
    return Offer(product, made.price, made.taxes)


def _promotion(number: int, chance: random.Random) -> Promotion:
    target = Target(categories=(f"c{chance.randrange(CATEGORIES)}",))
    if chance.random() < 0.5:
        target = Target(products=tuple(f"p{chance.randrange(PRODUCTS)}" for _ in range(20)))
    rule = _RULES[number % len(_RULES)]
    return Promotion(promotion_id=f"x{number}", name=f"Promotion {number}", rule=rule, applies_to=target)


def _line(one: Offer, count: int) -> PromotionLine:
    price = one.price.unit_price_minor if one.price else 0
    return PromotionLine(one.product.product_id, one.product.category_id, count * 1000, price, price * count)


if __name__ == "__main__":
    sys.exit(main())
