"""A paid ticket as the fact that goes into the journal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pos_client.till.cart import Cart, Line
from pos_client.till.tendering import Payment
from pos_client.till.ticket_totals import PricedLine, TicketTotals
from shared_models.cash import ShiftOpened
from shared_models.promotion_pricing import line_discount
from shared_models.quantity import MILLI
from shared_models.sale import LineDiscount, SaleLine, SalePosted, SoldComponent
from shared_models.staff import StaffMember
from shared_models.store_config import StoreConfig
from shared_models.tax import LineTotals


class SaleContext(msgspec.Struct, frozen=True):
    """Where, by whom and in which shift a sale is made."""

    store: StoreConfig
    till_id: str
    operator: StaffMember
    shift: ShiftOpened
    training: bool = False


def sale_posted(cart: Cart, totals: TicketTotals, payment: Payment, context: SaleContext) -> SalePosted:
    document = totals.document
    line_nos = {priced.line.key: line_no for line_no, priced in enumerate(totals.lines, 1)}
    return SalePosted(
        sale_id=cart.sale_id,
        training=context.training,
        receipt_number="",
        store_id=context.store.store_id,
        till_id=context.till_id,
        shift_id=context.shift.shift_id,
        operator_id=context.operator.staff_id,
        operator_name=context.operator.name,
        business_date=context.shift.business_date,
        started_at_ms=cart.started_at_ms,
        currency=payment.currency,
        rounding_policy=payment.policy.value,
        lines=tuple(
            _sale_line(priced, amounts, line_nos)
            for priced, amounts in zip(totals.lines, document.lines, strict=True)
        ),
        taxes=document.taxes,
        net_minor=document.net_minor,
        tax_minor=document.tax_minor,
        total_minor=document.gross_minor,
        tenders=payment.tenders,
        cash_rounding_minor=payment.rounding_minor,
        change_minor=payment.change_minor,
        voided_lines=tuple(cart.voided),
        parked_version=cart.parked_version,
    )


def _sale_line(priced: PricedLine, amounts: LineTotals, line_nos: dict[int, int]) -> SaleLine:
    line = priced.line
    return SaleLine(
        line_no=line_nos[line.key],
        product_id=line.product_id,
        sku=line.sku,
        code=line.code,
        name=line.name,
        quantity_milli=line.quantity_milli,
        unit_price_minor=line.unit_price_minor,
        regular_price_minor=line.regular_price_minor,
        net_minor=amounts.net_minor,
        tax_minor=amounts.tax_minor,
        gross_minor=amounts.gross_minor,
        taxes=amounts.taxes,
        tax_category_id=line.tax_category_id,
        unit=line.unit,
        price_id=line.price_id,
        category_id=line.category_id,
        discounts=tuple(_discounts(priced)),
        override_reason=line.override_reason,
        age_confirmed=line.age_confirmed,
        deposit_of=None if line.deposit_of is None else line_nos[line.deposit_of],
        note=line.note,
        serial=line.serial,
        lot=line.lot,
        components=sold_components(line),
        is_gift=line.is_gift,
        weighed_by=line.weighed_by,
    )


def sold_components(line: Line) -> tuple[SoldComponent, ...]:
    """What the whole line takes off the shelf."""
    return tuple(
        SoldComponent(one.product_id, one.name, one.quantity_milli * line.quantity_milli // MILLI)
        for one in line.components
    )


def _discounts(priced: PricedLine) -> Iterator[LineDiscount]:
    yield from map(line_discount, priced.promotions)
    manual = priced.line.discount
    if manual is not None and priced.line_discount_minor:
        yield LineDiscount("line", manual.reason, priced.line_discount_minor, manual.approved_by)
    whole = priced.sale_discount
    if whole is not None and priced.sale_discount_minor:
        yield LineDiscount("sale", whole.reason, priced.sale_discount_minor, whole.approved_by)
