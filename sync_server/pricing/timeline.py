"""Which of a product's prices a store's tills must hold: pure functions over price rows."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sync_server.pricing.tables import ALL_STORES

KEPT_PAST = 2


class KeptPrice(msgspec.Struct, frozen=True):
    """One price as it was set; none is ever changed, a later one takes its place."""

    price_id: str
    product_id: str
    store_id: str
    unit_price_minor: int
    valid_from_ms: int
    changed_at_ms: int
    changed_by: str


def store_timeline(prices: Sequence[KeptPrice], store_id: str) -> list[KeptPrice]:
    """One product's prices as they follow each other: from the store's first own price on, only own ones."""
    own = [price for price in prices if price.store_id == store_id != ALL_STORES]
    first_own = min((price.valid_from_ms for price in own), default=None)
    shared = [
        price
        for price in prices
        if price.store_id == ALL_STORES and (first_own is None or price.valid_from_ms < first_own)
    ]
    return sorted([*shared, *own], key=lambda price: (price.valid_from_ms, price.changed_at_ms))


def in_force(prices: Sequence[KeptPrice], store_id: str, at_ms: int) -> KeptPrice | None:
    begun = [price for price in store_timeline(prices, store_id) if price.valid_from_ms <= at_ms]
    return begun[-1] if begun else None


def for_tills(prices: Sequence[KeptPrice], store_id: str, at_ms: int) -> list[KeptPrice]:
    """What the store's tills hold: all that is to come, the one in force, and the one before it.

    The one before stays because a till's clock may be behind: it would otherwise have no price at all.
    """
    timeline = store_timeline(prices, store_id)
    begun = sum(price.valid_from_ms <= at_ms for price in timeline)
    return timeline[max(0, begun - KEPT_PAST) :]
