"""Which prices a store's shelves do not show yet: those that are another than at an earlier moment."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, and_, or_, select

from sync_server.pricing.tables import ALL_STORES, price
from sync_server.pricing.timeline import KeptPrice, in_force

MOST_CHANGED = 20_000


class ChangedPrice(msgspec.Struct, frozen=True):
    """`before_minor` is what the product cost at the earlier moment, None where it had no price."""

    product_id: str
    before_minor: int | None
    price: KeptPrice


def touched_since(tx: Connection, store_id: str, since_ms: int, now_ms: int, most: int) -> list[str]:
    """At most so many products with a price of the store that was set, or that began, from `since_ms` on."""
    begun = and_(price.c.valid_from_ms >= since_ms, price.c.valid_from_ms <= now_ms)
    query = (
        select(price.c.product_id)
        .where(price.c.store_id.in_((ALL_STORES, store_id)), or_(price.c.changed_at_ms >= since_ms, begun))
        .distinct()
        .limit(most)
    )
    return list(tx.scalars(query))


def change_since(rows: Sequence[KeptPrice], store_id: str, since_ms: int, now_ms: int) -> ChangedPrice | None:
    """Of one product's prices; None where it costs now what it cost then, whatever was between."""
    current = in_force(rows, store_id, now_ms)
    if current is None:
        return None
    known_then = [one for one in rows if one.changed_at_ms < since_ms]
    earlier = in_force(known_then, store_id, since_ms - 1)
    before = None if earlier is None else earlier.unit_price_minor
    if before == current.unit_price_minor:
        return None
    return ChangedPrice(current.product_id, before, current)
