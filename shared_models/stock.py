"""Stock as moves: what a fact from a till means for the shelf."""

from __future__ import annotations

import msgspec

from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted

_SALE = "sale"


class StockMove(msgspec.Struct, frozen=True, gc=False):
    """`quantity_milli` is what the location gains: negative for a sale. `line_no` is unique in its event."""

    line_no: int
    product_id: str
    location_id: str
    quantity_milli: int
    reason: str


def moves_of_sale(sale: SalePosted) -> tuple[StockMove, ...]:
    """One move a line out of the store's own location; their order and grouping do not matter.

    Of a kit the components move and not the kit. Their numbers go on after the last line's, so that the lines keep
    their own.
    """
    store_id = sale.store_id
    whole = [
        StockMove(line.line_no, line.product_id, store_id, -line.quantity_milli, _SALE)
        for line in sale.lines
        if not line.components
    ]
    if len(whole) == len(sale.lines):
        return tuple(whole)
    inside = (component for line in sale.lines for component in line.components)
    after = max(line.line_no for line in sale.lines) + 1
    parts = (
        StockMove(line_no, component.product_id, store_id, -component.quantity_milli, _SALE)
        for line_no, component in enumerate(inside, after)
    )
    return (*whole, *parts)


def moves_of_refund(refund: RefundPosted) -> tuple[StockMove, ...]:
    """What goes back onto the shelf of the store that took it back; of a kit its components."""
    back = [part for line in refund.lines if line.restock for part in (line.components or (line,))]
    return tuple(
        StockMove(line_no, part.product_id, refund.store_id, part.quantity_milli, "refund")
        for line_no, part in enumerate(back, 1)
    )
