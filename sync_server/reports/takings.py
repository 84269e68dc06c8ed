"""Takings: what was sold, by whatever one wants to see it by, each figure with the way to its receipts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, func, literal, select

from sync_server.cash.tables import shift_opening
from sync_server.catalogue.tables import category
from sync_server.reports.refunds import RefundTotal, refund_totals
from sync_server.reports.unclassified import Unclassified, not_booked
from sync_server.sales.service import SaleFilter, hour_of_sale, narrowed
from sync_server.sales.tables import sale, sale_line, sale_tax, sale_tender
from sync_server.stores.tables import store, till

Group = Literal["store", "till", "day", "hour", "shift", "operator", "product", "category", "tax", "tender"]
GROUPS: tuple[Group, ...] = get_args(Group)
MAX_ROWS = 5000


class TakingsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `receipts` are the filters (as in an address) that give the sales that it is made of.

    For a tax, `net_minor` is what it was charged on; for a tender, `gross_minor` is the money kept.
    """

    key: str
    name: str
    currency: str
    sale_count: int
    quantity_milli: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    gross_minor: int = 0
    discount_minor: int = 0
    cash_rounding_minor: int = 0
    receipts: dict[str, str] = {}


class Takings(msgspec.Struct, frozen=True, kw_only=True):
    """`totals` is one row a currency, of sales; `refunds` is what went back meanwhile, and lessens none of them.

    `unclassified` is money in entries that could not be booked yet; `unclassified_refunds` what went back in such.
    """

    by: str
    filters: dict[str, str]
    rows: list[TakingsRow]
    totals: list[TakingsRow]
    unclassified: list[Unclassified]
    unclassified_refunds: list[Unclassified]
    refunds: list[RefundTotal]


def takings(tx: Connection, wanted: SaleFilter, by: Group) -> Takings:
    filters = in_address(wanted)
    rows = [_row(row, by, filters) for row in tx.execute(_QUERIES[by](wanted).limit(MAX_ROWS))]
    total_rows = tx.execute(_by_sale(wanted, literal(""), literal("")))
    totals = [_row(row, None, filters) for row in total_rows]
    aside = not_booked(tx, wanted.store_id, wanted.till_id)
    return Takings(
        by=by,
        filters=filters,
        rows=rows,
        totals=totals,
        unclassified=aside.sales,
        unclassified_refunds=aside.refunds,
        refunds=refund_totals(tx, wanted),
    )


def in_address(wanted: SaleFilter) -> dict[str, str]:
    """The filter as an address writes it, without what is not asked for."""
    values = {name: getattr(wanted, name) for name in SaleFilter.__struct_fields__}
    return {name: _text(value) for name, value in values.items() if value not in ("", None, False)}


def _text(value: object) -> str:
    return "true" if value is True else str(value)


_NARROWS = {
    "store": "store_id",
    "till": "till_id",
    "hour": "hour",
    "shift": "shift_id",
    "product": "product_id",
    "tax": "tax_id",
    "tender": "tender",
}


def _row(row: Any, by: Group | None, filters: dict[str, str]) -> TakingsRow:
    key = str(row.key)
    receipts = dict(filters)
    if by == "day":
        receipts |= {"first_day": key, "last_day": key}
    elif by in _NARROWS:
        receipts |= {_NARROWS[by]: key}
    values = {
        name: int(value)
        for name, value in row._mapping.items()
        if name.endswith(("_minor", "_milli", "_count"))
    }
    return TakingsRow(key=key, name=str(row.name or key), currency=row.currency, receipts=receipts, **values)


def _sums() -> tuple[ColumnElement[int], ...]:
    columns = ("net_minor", "tax_minor", "discount_minor", "cash_rounding_minor")
    sums = tuple(func.sum(sale.c[name]).label(name) for name in columns)
    return (func.count().label("sale_count"), func.sum(sale.c.total_minor).label("gross_minor"), *sums)


def _by_sale(wanted: SaleFilter, key: Any, name: Any) -> Select[Any]:
    query = select(key.label("key"), name.label("name"), sale.c.currency, *_sums())
    return narrowed(query.select_from(sale), wanted).group_by(sale.c.currency)


def _by_store(wanted: SaleFilter) -> Select[Any]:
    query = select(sale.c.store_id.label("key"), store.c.name.label("name"), sale.c.currency, *_sums())
    joined = query.select_from(sale).outerjoin(store, store.c.store_id == sale.c.store_id)
    return (
        narrowed(joined, wanted)
        .group_by(sale.c.store_id, store.c.name, sale.c.currency)
        .order_by(sale.c.store_id)
    )


def _by_till(wanted: SaleFilter) -> Select[Any]:
    query = select(sale.c.till_id.label("key"), till.c.name.label("name"), sale.c.currency, *_sums())
    joined = query.select_from(sale).outerjoin(till, till.c.till_id == sale.c.till_id)
    return (
        narrowed(joined, wanted)
        .group_by(sale.c.till_id, till.c.name, sale.c.currency)
        .order_by(sale.c.till_id)
    )


def _by_day(wanted: SaleFilter) -> Select[Any]:
    day = sale.c.business_date
    return _by_sale(wanted, day, day).group_by(day).order_by(day.desc())


def _by_hour(wanted: SaleFilter) -> Select[Any]:
    inner = narrowed(select(sale, hour_of_sale().label("hour")), wanted).subquery()
    columns = ("net_minor", "tax_minor", "discount_minor", "cash_rounding_minor")
    sums = [func.sum(inner.c[name]).label(name) for name in columns]
    gross = func.sum(inner.c.total_minor).label("gross_minor")
    head = (
        inner.c.hour.label("key"),
        inner.c.hour.label("name"),
        inner.c.currency,
        func.count().label("sale_count"),
    )
    return select(*head, gross, *sums).group_by(inner.c.hour, inner.c.currency).order_by(inner.c.hour)


def _by_shift(wanted: SaleFilter) -> Select[Any]:
    number = func.min(shift_opening.c.number)
    query = select(sale.c.shift_id.label("key"), number.label("name"), sale.c.currency, *_sums())
    joined = query.select_from(sale).outerjoin(shift_opening, shift_opening.c.shift_id == sale.c.shift_id)
    return (
        narrowed(joined, wanted)
        .group_by(sale.c.shift_id, sale.c.currency)
        .order_by(func.min(sale.c.at_ms).desc())
    )


def _by_operator(wanted: SaleFilter) -> Select[Any]:
    key, name = sale.c.operator_id, func.max(sale.c.operator_name)
    return _by_sale(wanted, key, name).group_by(key).order_by(key)


def _by_line(wanted: SaleFilter, key: Any, name: Any) -> Select[Any]:
    """Distinct sales, because a product may stand in one sale on several lines."""
    columns = ("quantity_milli", "net_minor", "tax_minor", "gross_minor", "discount_minor")
    sums = [func.sum(sale_line.c[column]).label(column) for column in columns]
    sales = func.count(sale.c.event_id.distinct()).label("sale_count")
    query = select(key.label("key"), name.label("name"), sale.c.currency, sales, *sums)
    joined = query.select_from(sale).join(sale_line, sale_line.c.event_id == sale.c.event_id)
    query = narrowed(joined, wanted).group_by(key, sale.c.currency)
    if wanted.product_id:
        query = query.where(sale_line.c.product_id == wanted.product_id)
    return query.order_by(func.sum(sale_line.c.gross_minor).desc(), key)


def _by_product(wanted: SaleFilter) -> Select[Any]:
    return _by_line(wanted, sale_line.c.product_id, func.max(sale_line.c.name))


def _by_category(wanted: SaleFilter) -> Select[Any]:
    name = select(category.c.name).where(category.c.category_id == sale_line.c.category_id).scalar_subquery()
    return _by_line(wanted, func.coalesce(sale_line.c.category_id, ""), func.max(name))


def _by_tax(wanted: SaleFilter) -> Select[Any]:
    query = select(
        sale_tax.c.tax_id.label("key"),
        func.max(sale_tax.c.name).label("name"),
        sale.c.currency,
        func.count().label("sale_count"),
        func.sum(sale_tax.c.base_minor).label("net_minor"),
        func.sum(sale_tax.c.amount_minor).label("tax_minor"),
        func.sum(sale_tax.c.base_minor + sale_tax.c.amount_minor).label("gross_minor"),
    )
    joined = query.select_from(sale).join(sale_tax, sale_tax.c.event_id == sale.c.event_id)
    if wanted.tax_id:
        joined = joined.where(sale_tax.c.tax_id == wanted.tax_id)
    return narrowed(joined, wanted).group_by(sale_tax.c.tax_id, sale.c.currency).order_by(sale_tax.c.tax_id)


def _by_tender(wanted: SaleFilter) -> Select[Any]:
    query = select(
        sale_tender.c.kind.label("key"),
        sale_tender.c.kind.label("name"),
        sale.c.currency,
        func.count(sale.c.event_id.distinct()).label("sale_count"),
        func.sum(sale_tender.c.kept_minor).label("gross_minor"),
    )
    joined = query.select_from(sale).join(sale_tender, sale_tender.c.event_id == sale.c.event_id)
    if wanted.tender:
        joined = joined.where(sale_tender.c.kind == wanted.tender)
    return narrowed(joined, wanted).group_by(sale_tender.c.kind, sale.c.currency).order_by(sale_tender.c.kind)


_QUERIES: dict[Group, Callable[[SaleFilter], Select[Any]]] = {
    "store": _by_store,
    "till": _by_till,
    "day": _by_day,
    "hour": _by_hour,
    "shift": _by_shift,
    "operator": _by_operator,
    "product": _by_product,
    "category": _by_category,
    "tax": _by_tax,
    "tender": _by_tender,
}
