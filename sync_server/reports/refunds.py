"""Refunds: what went back, by the same filters as sales, each with the way to its receipt."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Select, false, func, select

from sync_server.leases.tables import refund
from sync_server.sales.service import SaleFilter
from sync_server.sales.tables import sale


class RefundHead(msgspec.Struct, frozen=True, kw_only=True):
    """One refund. `receipt` is the journal entry (hex) of the sale that was taken back, empty while it is not here.

    `asked` is false where the till gave the money on its own word, without a line.
    """

    entry: str
    receipt_number: str
    receipt: str
    store_id: str
    till_id: str
    shift_id: str
    operator_name: str
    business_date: str
    at_ms: int
    tz_min: int
    currency: str
    total_minor: int
    cash_minor: int
    reason: str
    approved_by: str
    asked: bool
    late_after_close: bool


class RefundTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Of one currency; what did not go back in cash went onto cards."""

    currency: str
    count: int
    total_minor: int
    cash_minor: int


def refunds(
    tx: Connection, wanted: SaleFilter, before: tuple[int, str] | None = None, limit: int = 100
) -> list[RefundHead]:
    """The newest first; `before` is (at_ms, entry) of the last one seen."""
    sold = select(sale.c.event_id).where(sale.c.sale_id == refund.c.sale_id).order_by(sale.c.at_ms).limit(1)
    query = _narrowed(select(refund, sold.scalar_subquery().label("sold")), wanted)
    if before is not None:
        at_ms, entry = before
        twin = (refund.c.at_ms == at_ms) & (refund.c.event_id < bytes.fromhex(entry))
        query = query.where((refund.c.at_ms < at_ms) | twin)
    rows = tx.execute(query.order_by(refund.c.at_ms.desc(), refund.c.event_id.desc()).limit(limit))
    return [_head(row) for row in rows]


def refund_totals(tx: Connection, wanted: SaleFilter) -> list[RefundTotal]:
    sums = (func.count().label("count"), *(func.sum(refund.c[name]).label(name) for name in _SUMMED))
    query = _narrowed(select(refund.c.currency, *sums), wanted).group_by(refund.c.currency)
    rows = tx.execute(query.order_by(refund.c.currency))
    return [
        RefundTotal(currency=currency, count=count, total_minor=int(total), cash_minor=int(cash))
        for currency, count, total, cash in rows
    ]


_SUMMED = ("total_minor", "cash_minor")
_COPIED = tuple(name for name in RefundHead.__struct_fields__ if name not in ("entry", "receipt", "asked"))


def _head(row: Any) -> RefundHead:
    return RefundHead(
        entry=bytes(row.event_id).hex(),
        receipt=bytes(row.sold).hex() if row.sold is not None else "",
        asked=bool(row.lease_id),
        **{name: getattr(row, name) for name in _COPIED},
    )


def _narrowed(query: Select[Any], wanted: SaleFilter) -> Select[Any]:
    """By what a refund has of its own: it belongs to the shift and day that gave the money.

    Nothing fits where only some goods, taxes, tenders or hours are asked for: these are a sale's.
    """
    if wanted.product_id or wanted.tender or wanted.tax_id or wanted.hour is not None or wanted.training:
        query = query.where(false())
    for column in ("store_id", "till_id", "shift_id"):
        if value := getattr(wanted, column):
            query = query.where(refund.c[column] == value)
    if wanted.first_day:
        query = query.where(refund.c.business_date >= wanted.first_day)
    if wanted.last_day:
        query = query.where(refund.c.business_date <= wanted.last_day)
    if wanted.receipt:
        query = query.where(refund.c.receipt_number == wanted.receipt)
    return query.where(refund.c.late_after_close) if wanted.late else query
