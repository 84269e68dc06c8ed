"""Stock on hand with the names of things, searched, sorted and filtered."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection, func, select

from sync_server.catalogue.product_names import folded
from sync_server.catalogue.tables import product
from sync_server.stock.tables import stock_level

Sort = Literal["name", "sku", "on_hand", "-on_hand"]
_ORDER = {
    "name": (product.c.name, product.c.product_id),
    "sku": (product.c.sku, product.c.product_id),
    "on_hand": (stock_level.c.on_hand_milli, product.c.product_id),
    "-on_hand": (stock_level.c.on_hand_milli.desc(), product.c.product_id),
}
SORTS = tuple(_ORDER)


class OnHand(msgspec.Struct, frozen=True, kw_only=True):
    product_id: str
    sku: str
    name: str
    location_id: str
    on_hand_milli: int
    counted: bool


class StockQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`level` is '', 'negative' or 'none' (nothing on hand)."""

    text: str = ""
    location_id: str = ""
    level: str = ""
    sort: str = "name"
    offset: int = 0
    limit: int = 50


def stock_on_hand(tx: Connection, wanted: StockQuery) -> tuple[list[OnHand], int]:
    """One page, and how many there are in all."""
    joined = stock_level.join(product, product.c.product_id == stock_level.c.product_id)
    where = [
        product.c.search_text.contains(word, autoescape=True) for word in folded(wanted.text).split()[:8]
    ]
    if wanted.location_id:
        where.append(stock_level.c.location_id == wanted.location_id)
    if wanted.level == "negative":
        where.append(stock_level.c.on_hand_milli < 0)
    if wanted.level == "none":
        where.append(stock_level.c.on_hand_milli == 0)
    total = tx.scalar(select(func.count()).select_from(joined).where(*where)) or 0
    columns = (product.c.product_id, product.c.sku, product.c.name)
    levels = (stock_level.c.location_id, stock_level.c.on_hand_milli, stock_level.c.counted)
    order = _ORDER.get(wanted.sort, _ORDER["name"])
    query = select(*columns, *levels).select_from(joined).where(*where)
    rows = tx.execute(
        query.order_by(*order, stock_level.c.location_id).offset(wanted.offset).limit(wanted.limit)
    )
    return [OnHand(**row._mapping) for row in rows], total
