"""Facts as a cashier makes them: sound sales, mostly of one line, and some that no server can book."""

from __future__ import annotations

import msgspec

from shared_models.cash import CashMoved, DrawerOpened, ShiftClosed, ShiftOpened, ShiftTotals
from shared_models.moment import Moment
from shared_models.sale import SaleLine, SalePosted, SaleVoided, Tender
from shared_models.tax import TaxAmount
from tests.simulation.chance import Chance
from tests.simulation.shop import STORE

_RATE_PPM = 190_000
_TENDERS = {"cash": 7, "card": 3}


class Wanted(msgspec.Struct, frozen=True):
    """What a customer puts on the counter."""

    product_id: str
    unit_price_minor: int
    pieces: int


def sale_of(
    chance: Chance, sale_id: str, till_id: str, shift_id: str, at: Moment, wanted: list[Wanted]
) -> SalePosted:
    lines = tuple(_line(number, one) for number, one in enumerate(wanted, 1))
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    total = net + tax
    kind = chance.weighted(_TENDERS)
    change = chance.between(0, 500) if kind == "cash" else 0
    return SalePosted(
        sale_id=sale_id,
        receipt_number="",
        store_id=STORE,
        till_id=till_id,
        shift_id=shift_id,
        operator_id="ana",
        operator_name="Ana",
        business_date=at.business_date(),
        started_at_ms=at.at_ms,
        currency="EUR",
        rounding_policy="per_line",
        lines=lines,
        taxes=(TaxAmount("vat", "VAT", _RATE_PPM, True, net, tax),),
        net_minor=net,
        tax_minor=tax,
        total_minor=total,
        tenders=(Tender(kind, total + change),),
        change_minor=change,
    )


def _line(number: int, wanted: Wanted) -> SaleLine:
    gross = wanted.unit_price_minor * wanted.pieces
    tax = round(gross * 19 / 119)
    return SaleLine(
        line_no=number,
        product_id=wanted.product_id,
        sku=wanted.product_id[:8],
        code=wanted.product_id[:8],
        name="Goods",
        quantity_milli=wanted.pieces * 1000,
        unit_price_minor=wanted.unit_price_minor,
        regular_price_minor=wanted.unit_price_minor,
        net_minor=gross - tax,
        tax_minor=tax,
        gross_minor=gross,
        taxes=(TaxAmount("vat", "VAT", _RATE_PPM, True, gross - tax, tax),),
        tax_category_id="standard",
    )


def with_wrong_sums(sale: SalePosted) -> SalePosted:
    """A till program with a fault states figures that don't add up: they count as stated."""
    return msgspec.structs.replace(sale, tax_minor=sale.tax_minor + 1)


def poisoned(chance: Chance, sale: SalePosted) -> SalePosted:
    """What nobody can book."""
    if chance.happens(0.5):
        return msgspec.structs.replace(sale, currency="ZZZ")
    return msgspec.structs.replace(sale, business_date="yesterday")


def voided(sale: SalePosted) -> SaleVoided:
    return SaleVoided(
        sale_id=sale.sale_id,
        till_id=sale.till_id,
        shift_id=sale.shift_id,
        operator_id="ana",
        total_minor=sale.total_minor,
        lines=(),
    )


def opening(shift_id: str, number: int, till_id: str, at: Moment) -> ShiftOpened:
    return ShiftOpened(
        shift_id=shift_id,
        number=number,
        store_id=STORE,
        till_id=till_id,
        operator_id="ana",
        operator_name="Ana",
        business_date=at.business_date(),
        float_minor=15_000,
        currency="EUR",
    )


def closing(
    opened: ShiftOpened, totals: ShiftTotals, at: Moment, head_hash: bytes, previous: str, unsent: int
) -> ShiftClosed:
    return ShiftClosed(
        shift_id=opened.shift_id,
        number=opened.number,
        store_id=STORE,
        till_id=opened.till_id,
        operator_id="ana",
        operator_name="Ana",
        business_date=at.business_date(),
        currency="EUR",
        totals=totals,
        counted_minor=totals.expected_minor,
        over_short_minor=0,
        pieces=(),
        head_hash=head_hash.hex(),
        previous_closing_hash=previous,
        unsent=unsent,
    )


def cash_moved(chance: Chance, shift_id: str, till_id: str) -> CashMoved:
    return CashMoved(
        movement_id=chance.bytes(8).hex(),
        kind=chance.pick(("paid_in", "paid_out", "safe_drop")),
        shift_id=shift_id,
        till_id=till_id,
        operator_id="ana",
        amount_minor=chance.spread(1, 50_000),
        reason="stamps",
    )


def drawer_opened(shift_id: str, till_id: str) -> DrawerOpened:
    return DrawerOpened(shift_id=shift_id, till_id=till_id, operator_id="ana", reason="change")
