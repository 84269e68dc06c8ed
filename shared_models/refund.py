"""Goods taken back and money given back, as a fact; and what a part of a sale line comes to."""

from __future__ import annotations

import msgspec

from shared_models.rounding import divide_rounded
from shared_models.sale import CARD, CASH, CardPaid, SaleLine, SoldComponent
from shared_models.tax import TaxAmount


class RefundedLine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Part of a sale's line; amounts are positive. `sold_milli` and `sold_gross_minor` are as its receipt states them.

    `restock`: the goods go back onto the shelf.
    """

    line_no: int
    product_id: str
    sku: str
    name: str
    quantity_milli: int
    sold_milli: int
    sold_gross_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[TaxAmount, ...]
    restock: bool = True
    components: tuple[SoldComponent, ...] = ()


class GivenBack(msgspec.Struct, frozen=True, omit_defaults=True):
    """How money went back to the customer; `card` is what the card terminal says of it."""

    kind: str
    amount_minor: int
    reference: str = ""
    card: CardPaid | None = None


class RefundPosted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Always: sum given back = total + cash rounding, and total = net + tax.

    `sale_id` and `receipt_number` are those of the sale that is taken back. `lease_id` is empty where the till
    refunded on its own word. `cash_rounding_minor` is what rounding for cash adds to what is given back.
    """

    refund_id: str
    sale_id: str
    receipt_number: str
    lease_id: str
    store_id: str
    till_id: str
    shift_id: str
    operator_id: str
    operator_name: str
    business_date: str
    currency: str
    lines: tuple[RefundedLine, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    given_back: tuple[GivenBack, ...]
    cash_rounding_minor: int = 0
    reason: str = ""
    approved_by: str = ""

    def cash_minor(self) -> int:
        """What the drawer lost."""
        return sum(given.amount_minor for given in self.given_back if given.kind == CASH)

    def to_card_minor(self) -> int:
        """What a payment card gets."""
        return sum(given.amount_minor for given in self.given_back if given.kind == CARD)


def taken_back(
    line: SaleLine, quantity_milli: int, before_milli: int = 0, *, restock: bool = True
) -> RefundedLine:
    """So much of the line, after `before_milli` of it went back earlier.

    However a line is divided, its parts add up to it, to the cent.
    """
    assert 0 < quantity_milli <= line.quantity_milli - before_milli

    def part(whole: int) -> int:
        after = divide_rounded(whole * (before_milli + quantity_milli), line.quantity_milli)
        return after - divide_rounded(whole * before_milli, line.quantity_milli)

    taxes = tuple(
        msgspec.structs.replace(tax, base_minor=part(tax.base_minor), amount_minor=part(tax.amount_minor))
        for tax in line.taxes
    )
    net, tax_minor = part(line.net_minor), sum(tax.amount_minor for tax in taxes)
    return RefundedLine(
        line_no=line.line_no,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        quantity_milli=quantity_milli,
        sold_milli=line.quantity_milli,
        sold_gross_minor=line.gross_minor,
        net_minor=net,
        tax_minor=tax_minor,
        gross_minor=net + tax_minor,
        taxes=taxes,
        restock=restock,
        components=tuple(
            msgspec.structs.replace(one, quantity_milli=part(one.quantity_milli)) for one in line.components
        ),
    )
