"""What an accountant finds in a journal entry: rows of plain tables, every one traceable to its entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared_models.cash import CashMoved, DrawerCounted, DrawerOpened, ShiftClosed, ShiftOpened
from shared_models.errors import ShopError
from shared_models.events import Recorded, decode_body
from shared_models.journal import Entry
from shared_models.moment import Moment
from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted, SaleVoided

Row = dict[str, Any]
_UNREADABLE = "this version can't read it"


def rows_of(series: str, entry: Entry, currencies: dict[str, str]) -> Iterator[tuple[str, Row]]:
    """(table, row). Rows of one table have the same columns; `currencies` remembers each shift's."""
    origin: Row = {"series": series, "seq": entry.seq}
    try:
        recorded = decode_body(entry.type, entry.schema, entry.body)
    except ShopError:
        yield "entry", origin | {"at": "", "type": entry.type, "note": _UNREADABLE}
        return
    origin["at"] = _at(recorded)
    yield "entry", origin | {"type": entry.type, "note": ""}
    match recorded.fact:
        case SalePosted() as sale:
            yield from _sale(origin, sale)
        case RefundPosted() as refund:
            yield from _refund(origin, refund)
        case SaleVoided() as voided:
            yield "given_up_sale", origin | _given_up(voided, currencies)
        case ShiftOpened() as opened:
            currencies[opened.shift_id] = opened.currency
            yield "shift", origin | _shift(opened, opened.float_minor)
        case ShiftClosed() as closed:
            yield "shift", origin | _shift(closed, closed.totals.float_minor) | _closing(closed)
        case CashMoved() as moved:
            amount = moved.signed_minor()
            yield "cash", origin | _cash(moved.kind, moved, amount, moved.reason, currencies)
        case DrawerOpened() as drawer:
            yield "cash", origin | _cash("drawer_opened", drawer, 0, drawer.reason, currencies)
        case DrawerCounted() as counted:
            yield "cash", origin | _cash("counted", counted, counted.counted_minor, "", currencies)
        case _:
            pass


def _at(recorded: Recorded) -> str:
    """The shop's wall clock with its zone."""
    try:
        return Moment(recorded.at_ms, recorded.tz_min).local().isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return str(recorded.at_ms)


def _sale(origin: Row, sale: SalePosted) -> Iterator[tuple[str, Row]]:
    yield (
        "sale",
        origin
        | {
            "receipt": sale.receipt_number,
            "business_date": sale.business_date,
            "store_id": sale.store_id,
            "till_id": sale.till_id,
            "shift_id": sale.shift_id,
            "operator": sale.operator_name,
            "training": int(sale.training),
            "currency": sale.currency,
            "net_minor": sale.net_minor,
            "tax_minor": sale.tax_minor,
            "total_minor": sale.total_minor,
            "cash_rounding_minor": sale.cash_rounding_minor,
            "change_minor": sale.change_minor,
        },
    )
    of_sale = origin | {"receipt": sale.receipt_number, "currency": sale.currency}
    for line in sale.lines:
        yield (
            "sale_line",
            of_sale
            | {
                "line": line.line_no,
                "sku": line.sku,
                "code": line.code,
                "name": line.name,
                "quantity_milli": line.quantity_milli,
                "unit": line.unit,
                "weighed_by": line.weighed_by,
                "unit_price_minor": line.unit_price_minor,
                "discount_minor": sum(discount.amount_minor for discount in line.discounts),
                "net_minor": line.net_minor,
                "tax_minor": line.tax_minor,
                "gross_minor": line.gross_minor,
                "tax_category": line.tax_category_id,
            },
        )
    for tax in sale.taxes:
        named = {"tax": tax.name, "rate_ppm": tax.rate_ppm}
        yield "sale_tax", of_sale | named | {"base_minor": tax.base_minor, "amount_minor": tax.amount_minor}
    for tender in sale.tenders:
        paid = {"kind": tender.kind, "received_minor": tender.received_minor, "reference": tender.reference}
        yield "tender", of_sale | paid


def _refund(origin: Row, refund: RefundPosted) -> Iterator[tuple[str, Row]]:
    of_refund = origin | {"receipt": refund.receipt_number, "currency": refund.currency}
    yield (
        "refund",
        of_refund
        | {
            "business_date": refund.business_date,
            "shift_id": refund.shift_id,
            "operator": refund.operator_name,
            "net_minor": refund.net_minor,
            "tax_minor": refund.tax_minor,
            "total_minor": refund.total_minor,
            "cash_minor": refund.cash_minor(),
            "cash_rounding_minor": refund.cash_rounding_minor,
            "reason": refund.reason,
        },
    )
    for line in refund.lines:
        yield (
            "refund_line",
            of_refund
            | {
                "line": line.line_no,
                "sku": line.sku,
                "name": line.name,
                "quantity_milli": line.quantity_milli,
                "net_minor": line.net_minor,
                "tax_minor": line.tax_minor,
                "gross_minor": line.gross_minor,
            },
        )


def _given_up(voided: SaleVoided, currencies: dict[str, str]) -> Row:
    return {
        "shift_id": voided.shift_id,
        "operator_id": voided.operator_id,
        "currency": currencies.get(voided.shift_id, ""),
        "total_minor": voided.total_minor,
        "reason": voided.reason,
    }


def _shift(fact: ShiftOpened | ShiftClosed, float_minor: int) -> Row:
    """The columns of an opening; a closing fills in the rest."""
    nothing_yet = dict.fromkeys(
        ("sales", "gross_minor", "expected_minor", "counted_minor", "over_short_minor", "grand_total_minor")
    )
    return {
        "event": "opened",
        "shift_id": fact.shift_id,
        "number": fact.number,
        "business_date": fact.business_date,
        "operator": fact.operator_name,
        "currency": fact.currency,
        "float_minor": float_minor,
    } | nothing_yet


def _closing(closed: ShiftClosed) -> Row:
    return {
        "event": "closed",
        "sales": closed.totals.sale_count,
        "gross_minor": closed.totals.gross_minor,
        "expected_minor": closed.totals.expected_minor,
        "counted_minor": closed.counted_minor,
        "over_short_minor": closed.over_short_minor,
        "grand_total_minor": closed.totals.grand_total_minor,
    }


def _cash(
    kind: str,
    fact: CashMoved | DrawerOpened | DrawerCounted,
    amount_minor: int,
    reason: str,
    currencies: dict[str, str],
) -> Row:
    return {
        "kind": kind,
        "shift_id": fact.shift_id,
        "operator_id": fact.operator_id,
        "currency": currencies.get(fact.shift_id, ""),
        "amount_minor": amount_minor,
        "reason": reason,
    }
