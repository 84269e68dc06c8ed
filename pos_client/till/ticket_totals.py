"""What a ticket comes to: discounts, taxes and totals, worked out again only where something changed."""

from __future__ import annotations

import msgspec

from pos_client.till.cart import Cart, Line
from shared_models.pricing import ManualDiscount, shares
from shared_models.quantity import MILLI, extend
from shared_models.sale import VoidedLine
from shared_models.tax import DocumentTotals, RoundingPolicy, TaxableLine, compute_totals


class PricedLine(msgspec.Struct, frozen=True):
    """A line's amounts in the price's own terms: with tax where it is included, without where it is added."""

    line: Line
    full_minor: int
    line_discount_minor: int
    sale_discount_minor: int
    taxable: TaxableLine
    sale_discount: ManualDiscount | None = None

    @property
    def amount_minor(self) -> int:
        return self.full_minor - self.line_discount_minor - self.sale_discount_minor


class TicketTotals(msgspec.Struct, frozen=True):
    lines: tuple[PricedLine, ...]
    document: DocumentTotals
    discount_minor: int

    @property
    def to_pay_minor(self) -> int:
        return self.document.gross_minor


class TicketPricing:
    """Remembers what each line came to, so that a scan into a long ticket prices one line."""

    def __init__(self) -> None:
        self._priced: dict[int, PricedLine] = {}
        self._last: tuple[list[Line], ManualDiscount | None, RoundingPolicy, TicketTotals] | None = None

    def totals(self, cart: Cart, policy: RoundingPolicy) -> TicketTotals:
        last = self._last
        if last is not None and (last[0], last[1], last[2]) == (cart.lines, cart.discount, policy):
            return last[3]
        totals = self._totals(cart, policy)
        self._last = (list(cart.lines), cart.discount, policy, totals)
        return totals

    def _totals(self, cart: Cart, policy: RoundingPolicy) -> TicketTotals:
        parts = shares(cart.discount, [_discountable(line) for line in cart.lines]) if cart.discount else None
        lines = tuple(
            self._line(line, parts[at] if parts else 0, cart.discount) for at, line in enumerate(cart.lines)
        )
        self._priced = {priced.line.key: priced for priced in lines}
        document = compute_totals([priced.taxable for priced in lines], policy)
        off = sum(priced.line_discount_minor + priced.sale_discount_minor for priced in lines)
        return TicketTotals(lines, document, off)

    def _line(self, line: Line, share_minor: int, discount: ManualDiscount | None) -> PricedLine:
        known = self._priced.get(line.key)
        if (
            known is not None
            and known.line is line
            and known.sale_discount_minor == share_minor
            and known.sale_discount is discount
        ):
            return known
        return price_line(line, share_minor, discount)


def price_line(line: Line, share_minor: int = 0, discount: ManualDiscount | None = None) -> PricedLine:
    full = full_amount(line)
    off = line.discount.off(full) if line.discount else 0
    stated = line.label_amount_minor is not None
    taxable = TaxableLine(
        MILLI if stated else line.quantity_milli,
        full if stated else line.unit_price_minor,
        line.taxes,
        off + share_minor,
    )
    return PricedLine(line, full, off, share_minor, taxable, discount)


def full_amount(line: Line) -> int:
    """Price times quantity, or what the label said."""
    if line.label_amount_minor is not None:
        return line.label_amount_minor
    return extend(line.unit_price_minor, line.quantity_milli)


def voided_line(line: Line, at_ms: int, operator_id: str, policy: RoundingPolicy) -> VoidedLine:
    gross = compute_totals([price_line(line).taxable], policy).gross_minor
    return VoidedLine(line.product_id, line.name, line.quantity_milli, gross, at_ms, operator_id)


def _discountable(line: Line) -> int:
    """A deposit is given back in full one day, so no discount touches it."""
    if line.deposit_of is not None:
        return 0
    full = full_amount(line)
    return full - (line.discount.off(full) if line.discount else 0)
