"""What is booked of a till's day: the same rows that the reports add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from shared_models.closing_figures import Figures, TaxFigure, TenderFigure, combined
from shared_models.events import decode_body
from shared_models.refund import RefundPosted
from sync_server.ingest.tables import ingest_log
from sync_server.leases.tables import refund
from sync_server.sales.tables import sale, sale_tax, sale_tender

_SUMMED = ("gross_minor", "net_minor", "tax_minor", "discount_minor", "cash_rounding_minor")


class TillDay(NamedTuple):
    """The first and the last receipt by the till's clock, empty where nothing was sold."""

    figures: tuple[Figures, ...]
    first_receipt: str
    last_receipt: str


def till_day(
    tx: Connection, store_id: str, till_id: str, day: str, without: Collection[bytes] = ()
) -> TillDay:
    """`without` are the event ids of what is booked and must be in no figure."""
    where = (sale.c.business_date == day) & (sale.c.store_id == store_id) & (sale.c.till_id == till_id)
    where &= sale.c.event_id.not_in(without)
    sold = where & ~sale.c.training
    parts = [*_sales(tx, sold), *_training(tx, where), *_taxes(tx, sold), *_tenders(tx, sold)]
    parts += _refunds(tx, store_id, till_id, day, without)
    return TillDay(combined(parts), *_receipts(tx, sold))


def _sales(tx: Connection, which: ColumnElement[bool]) -> list[Figures]:
    columns = {name: sale.c[name if name != "gross_minor" else "total_minor"] for name in _SUMMED}
    sums = [func.sum(column).label(name) for name, column in columns.items()]
    above = func.sum(case((sale.c.total_minor > 0, sale.c.total_minor), else_=0)).label("turnover_minor")
    query = select(sale.c.currency, func.count().label("sale_count"), above, *sums).where(which)
    return [_figures(row) for row in tx.execute(query.group_by(sale.c.currency))]


def _training(tx: Connection, which: ColumnElement[bool]) -> list[Figures]:
    query = select(sale.c.currency, func.count().label("training_count")).where(which, sale.c.training)
    return [_figures(row) for row in tx.execute(query.group_by(sale.c.currency))]


def _taxes(tx: Connection, which: ColumnElement[bool]) -> list[Figures]:
    base, amount = func.sum(sale_tax.c.base_minor), func.sum(sale_tax.c.amount_minor)
    query = _joined(select(sale.c.currency, sale_tax.c.tax_id, sale_tax.c.rate_ppm, base, amount), sale_tax)
    rows = tx.execute(query.where(which).group_by(sale.c.currency, sale_tax.c.tax_id, sale_tax.c.rate_ppm))
    return [
        Figures(currency=code, taxes=(TaxFigure(tax_id, rate, int(on), int(tax)),))
        for code, tax_id, rate, on, tax in rows
    ]


def _tenders(tx: Connection, which: ColumnElement[bool]) -> list[Figures]:
    query = _joined(
        select(sale.c.currency, sale_tender.c.kind, func.sum(sale_tender.c.kept_minor)), sale_tender
    )
    rows = tx.execute(query.where(which).group_by(sale.c.currency, sale_tender.c.kind))
    return [Figures(currency=code, tenders=(TenderFigure(kind, int(kept)),)) for code, kind, kept in rows]


def _joined(query: Select[Any], table: Any) -> Select[Any]:
    return query.select_from(sale).join(table, table.c.event_id == sale.c.event_id)


def _refunds(
    tx: Connection, store_id: str, till_id: str, day: str, without: Collection[bytes]
) -> list[Figures]:
    """From the facts themselves: the rows do not say how a refund was taxed."""
    query = select(ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
    query = query.join(refund, refund.c.event_id == ingest_log.c.event_id)
    mine = (refund.c.business_date == day) & (refund.c.store_id == store_id) & (refund.c.till_id == till_id)
    mine &= refund.c.event_id.not_in(without)
    return [_refunded(decode_body(*row).fact) for row in tx.execute(query.where(mine))]


def _refunded(fact: RefundPosted) -> Figures:
    taxes: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for tax in (tax for line in fact.lines for tax in line.taxes):
        taxes[tax.tax_id, tax.rate_ppm][0] += tax.base_minor
        taxes[tax.tax_id, tax.rate_ppm][1] += tax.amount_minor
    back: dict[str, int] = defaultdict(int)
    for given in fact.given_back:
        back[given.kind] += given.amount_minor
    return Figures(
        currency=fact.currency,
        refund_count=1,
        refund_minor=fact.total_minor,
        refund_net_minor=fact.net_minor,
        refund_tax_minor=fact.tax_minor,
        taxes=tuple(TaxFigure(*key, 0, 0, *sums) for key, sums in taxes.items()),
        tenders=tuple(TenderFigure(kind, 0, amount) for kind, amount in back.items()),
    )


def _receipts(tx: Connection, which: ColumnElement[bool]) -> tuple[str, str]:
    first, last = tx.execute(select(func.min(sale.c.at_ms), func.max(sale.c.at_ms)).where(which)).one()
    if first is None:
        return "", ""
    numbers = select(sale.c.receipt_number).where(which)
    firsts, lasts = (tx.scalars(numbers.where(sale.c.at_ms == at_ms)) for at_ms in (first, last))
    return min(firsts), max(lasts)


def _figures(row: Any) -> Figures:
    values: dict[str, Any] = {name: int(value) for name, value in row._mapping.items() if name != "currency"}
    return Figures(currency=row.currency, **values)
