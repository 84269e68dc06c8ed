"""What a ticket comes to: discounts, taxes and totals, worked out again only where something changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from pos_client.till.cart import Cart, Line
from shared_models.pricing import ManualDiscount, shares
from shared_models.promotion_pricing import Applied
from shared_models.quantity import MILLI, extend
from shared_models.sale import VoidedLine
from shared_models.tax import DocumentTotals, RoundingPolicy, TaxableLine, compute_totals

Promote = Callable[[Sequence[Line], Sequence[str]], tuple[tuple[Applied, ...], ...]]
"""What promotions take off each line, given the coupons on the ticket."""


class PricedLine(msgspec.Struct, frozen=True):
    """A line's amounts in the price's own terms: with tax where it is included, without where it is added.

    Promotions come off first, then what a person gave: on the line, then on the sale.
    """

    line: Line
    full_minor: int
    line_discount_minor: int
    sale_discount_minor: int
    taxable: TaxableLine
    sale_discount: ManualDiscount | None = None
    promotions: tuple[Applied, ...] = ()

    @property
    def discount_minor(self) -> int:
        return _promoted(self.promotions) + self.line_discount_minor + self.sale_discount_minor

    @property
    def amount_minor(self) -> int:
        return self.full_minor - self.discount_minor


class TicketTotals(msgspec.Struct, frozen=True):
    lines: tuple[PricedLine, ...]
    document: DocumentTotals
    discount_minor: int

    @property
    def to_pay_minor(self) -> int:
        return self.document.gross_minor


class TicketPricing:
    """Remembers what each line came to, so that a scan into a long ticket prices one line.

    Promotions are asked when the ticket changes and not in between: a total that the customer has seen does
    not move because a promotion has just ended.
    """

    def __init__(self, promote: Promote) -> None:
        self._promote = promote
        self._priced: dict[int, PricedLine] = {}
        self._last: tuple[list[Line], ManualDiscount | None, tuple[str, ...], RoundingPolicy] | None = None
        self._totals_then: TicketTotals | None = None

    def totals(self, cart: Cart, policy: RoundingPolicy) -> TicketTotals:
        now = (cart.lines, cart.discount, cart.coupons, policy)
        if self._totals_then is None or self._last != now:
            self._totals_then = self._totals(cart, policy)
            self._last = (list(cart.lines), *now[1:])
        return self._totals_then

    def _totals(self, cart: Cart, policy: RoundingPolicy) -> TicketTotals:
        promoted = self._promote(cart.lines, cart.coupons)
        parts = [0] * len(cart.lines)
        if cart.discount is not None:
            parts = shares(cart.discount, list(map(_discountable, cart.lines, promoted)))
        lines = tuple(
            self._line(line, part, cart.discount, promotions)
            for line, part, promotions in zip(cart.lines, parts, promoted, strict=True)
        )
        self._priced = {priced.line.key: priced for priced in lines}
        document = compute_totals([priced.taxable for priced in lines], policy)
        return TicketTotals(lines, document, sum(priced.discount_minor for priced in lines))

    def _line(
        self,
        line: Line,
        share_minor: int,
        discount: ManualDiscount | None,
        promotions: tuple[Applied, ...],
    ) -> PricedLine:
        known = self._priced.get(line.key)
        if (
            known is not None
            and known.line is line
            and known.sale_discount_minor == share_minor
            and known.sale_discount is discount
            and known.promotions == promotions
        ):
            return known
        return price_line(line, share_minor, discount, promotions)


def price_line(
    line: Line,
    share_minor: int = 0,
    discount: ManualDiscount | None = None,
    promotions: tuple[Applied, ...] = (),
) -> PricedLine:
    full = full_amount(line)
    promoted = _promoted(promotions)
    off = line.discount.off(full - promoted) if line.discount else 0
    stated = line.label_amount_minor is not None
    taxable = TaxableLine(
        MILLI if stated else line.quantity_milli,
        full if stated else line.unit_price_minor,
        line.taxes,
        promoted + off + share_minor,
    )
    return PricedLine(line, full, off, share_minor, taxable, discount, promotions)


def full_amount(line: Line) -> int:
    """Price times quantity, or what the label said."""
    if line.label_amount_minor is not None:
        return line.label_amount_minor
    return extend(line.unit_price_minor, line.quantity_milli)


def voided_line(line: Line, at_ms: int, operator_id: str, policy: RoundingPolicy) -> VoidedLine:
    gross = compute_totals([price_line(line).taxable], policy).gross_minor
    return VoidedLine(line.product_id, line.name, line.quantity_milli, gross, at_ms, operator_id)


def _discountable(line: Line, promotions: tuple[Applied, ...]) -> int:
    """A deposit is given back in full one day, so no discount touches it."""
    if line.deposit_of is not None:
        return 0
    left = full_amount(line) - _promoted(promotions)
    return left - (line.discount.off(left) if line.discount else 0)


def _promoted(promotions: tuple[Applied, ...]) -> int:
    return sum(one.amount_minor for one in promotions) if promotions else 0
