"""Stock as moves: what a fact from a till means for the shelf."""

from __future__ import annotations

import msgspec

from shared_models.refund import RefundPosted
from shared_models.sale import SaleLine, SalePosted, SoldComponent


class StockMove(msgspec.Struct, frozen=True):
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
    moves = [_move(sale, line.line_no, line) for line in sale.lines if not line.components]
    inside = (component for line in sale.lines for component in line.components)
    after = max((line.line_no for line in sale.lines), default=0) + 1
    return (*moves, *(_move(sale, line_no, component) for line_no, component in enumerate(inside, after)))


def moves_of_refund(refund: RefundPosted) -> tuple[StockMove, ...]:
    """What goes back onto the shelf of the store that took it back; of a kit its components."""
    back = [part for line in refund.lines if line.restock for part in (line.components or (line,))]
    return tuple(
        StockMove(line_no, part.product_id, refund.store_id, part.quantity_milli, "refund")
        for line_no, part in enumerate(back, 1)
    )


def _move(sale: SalePosted, line_no: int, gone: SaleLine | SoldComponent) -> StockMove:
    return StockMove(line_no, gone.product_id, sale.store_id, -gone.quantity_milli, "sale")
