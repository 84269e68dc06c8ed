"""Stock as moves: what a fact from a till means for the shelf."""

from __future__ import annotations

import msgspec

from shared_models.sale import SalePosted


class StockMove(msgspec.Struct, frozen=True):
    """`quantity_milli` is what the location gains: negative for a sale. `line_no` is unique in its event."""

    line_no: int
    product_id: str
    location_id: str
    quantity_milli: int
    reason: str


def moves_of_sale(sale: SalePosted) -> tuple[StockMove, ...]:
    """One move a line out of the store's own location; their order and grouping do not matter."""
    return tuple(
        StockMove(line.line_no, line.product_id, sale.store_id, -line.quantity_milli, "sale")
        for line in sale.lines
    )
