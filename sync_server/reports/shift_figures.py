"""The figures of a shift as the server works them out from sales and cash, to hold against the Z report."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from shared_models.cash import PAID_IN, PAID_OUT, SAFE_DROP, ShiftTotals, TaxTotal, TenderTotal
from shared_models.sale import CASH
from sync_server.cash.tables import cash_movement, drawer_opening, shift_opening
from sync_server.leases.tables import refund
from sync_server.sales.tables import sale, sale_tax, sale_tender


class ShiftFigures(msgspec.Struct, frozen=True, kw_only=True):
    """As in a Z report, less what only the till can know."""

    sale_count: int
    line_count: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    discount_minor: int
    cash_rounding_minor: int
    float_minor: int
    paid_in_minor: int
    paid_out_minor: int
    safe_drop_minor: int
    no_sale_count: int
    expected_minor: int
    taxes: tuple[TaxTotal, ...]
    tenders: tuple[TenderTotal, ...]
    refund_count: int = 0
    refund_minor: int = 0
    refund_cash_minor: int = 0


class Difference(msgspec.Struct, frozen=True):
    """A figure that the till stated otherwise than the server finds it. `unit` is money or count."""

    figure: str
    stated: int
    found: int
    unit: str


def shift_figures(tx: Connection, shift_id: str, *, with_late: bool) -> ShiftFigures:
    """From the rows of the shift; `with_late` also counts sales and refunds that came after its Z report."""
    mine = (sale.c.shift_id == shift_id) & ~sale.c.training
    if not with_late:
        mine &= ~sale.c.late_after_close
    sums = _sale_sums(tx, mine)
    moved = {
        kind: int(amount)
        for kind, amount in tx.execute(
            select(cash_movement.c.kind, func.sum(cash_movement.c.amount_minor))
            .where(cash_movement.c.shift_id == shift_id)
            .group_by(cash_movement.c.kind)
        )
    }
    paid_in, paid_out, dropped = (moved.get(kind, 0) for kind in (PAID_IN, PAID_OUT, SAFE_DROP))
    float_minor = _scalar(tx, select(shift_opening.c.float_minor).where(shift_opening.c.shift_id == shift_id))
    openings = select(func.count()).select_from(drawer_opening).where(drawer_opening.c.shift_id == shift_id)
    tenders = _tenders(tx, mine)
    cash = sum(tender.amount_minor for tender in tenders if tender.kind == CASH)
    refunds = _refund_sums(tx, shift_id, with_late)
    return ShiftFigures(
        **sums,
        float_minor=float_minor,
        paid_in_minor=paid_in,
        paid_out_minor=paid_out,
        safe_drop_minor=dropped,
        no_sale_count=_scalar(tx, openings),
        expected_minor=float_minor + cash + paid_in - paid_out - dropped - refunds["refund_cash_minor"],
        taxes=_taxes(tx, mine),
        tenders=tenders,
        **refunds,
    )


def differences(stated: ShiftTotals, found: ShiftFigures) -> list[Difference]:
    """Every figure in which the two do not agree."""
    pairs = [
        (name, getattr(stated, name), getattr(found, name))
        for name in ShiftFigures.__struct_fields__
        if name not in ("taxes", "tenders")
    ]
    pairs += _by_name("tax", _tax_sums(stated.taxes), _tax_sums(found.taxes))
    pairs += _by_name("tender", _tender_sums(stated.tenders), _tender_sums(found.tenders))
    return [
        Difference(name.removesuffix("_minor"), said, got, "count" if name.endswith("_count") else "money")
        for name, said, got in pairs
        if said != got
    ]


def _sale_sums(tx: Connection, mine: ColumnElement[bool]) -> dict[str, int]:
    row = tx.execute(
        select(
            func.count().label("sale_count"),
            func.coalesce(func.sum(sale.c.line_count), 0).label("line_count"),
            func.coalesce(func.sum(sale.c.net_minor), 0).label("net_minor"),
            func.coalesce(func.sum(sale.c.tax_minor), 0).label("tax_minor"),
            func.coalesce(func.sum(sale.c.total_minor), 0).label("gross_minor"),
            func.coalesce(func.sum(sale.c.discount_minor), 0).label("discount_minor"),
            func.coalesce(func.sum(sale.c.cash_rounding_minor), 0).label("cash_rounding_minor"),
        ).where(mine)
    ).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _refund_sums(tx: Connection, shift_id: str, with_late: bool) -> dict[str, int]:
    mine = refund.c.shift_id == shift_id
    if not with_late:
        mine &= ~refund.c.late_after_close
    row = tx.execute(
        select(
            func.count().label("refund_count"),
            func.coalesce(func.sum(refund.c.total_minor), 0).label("refund_minor"),
            func.coalesce(func.sum(refund.c.cash_minor), 0).label("refund_cash_minor"),
        ).where(mine)
    ).one()
    return {name: int(value) for name, value in row._mapping.items()}


def _taxes(tx: Connection, mine: ColumnElement[bool]) -> tuple[TaxTotal, ...]:
    base, amount = func.sum(sale_tax.c.base_minor), func.sum(sale_tax.c.amount_minor)
    query = select(sale_tax.c.tax_id, func.max(sale_tax.c.name), sale_tax.c.rate_ppm, base, amount)
    query = query.join(sale, sale.c.event_id == sale_tax.c.event_id).where(mine)
    rows = tx.execute(query.group_by(sale_tax.c.tax_id, sale_tax.c.rate_ppm).order_by(sale_tax.c.tax_id))
    return tuple(TaxTotal(r[0], r[1], r[2], int(r[3]), int(r[4])) for r in rows)


def _tenders(tx: Connection, mine: ColumnElement[bool]) -> tuple[TenderTotal, ...]:
    query = select(sale_tender.c.kind, func.count(), func.sum(sale_tender.c.kept_minor))
    query = query.join(sale, sale.c.event_id == sale_tender.c.event_id).where(mine)
    rows = tx.execute(query.group_by(sale_tender.c.kind).order_by(sale_tender.c.kind))
    return tuple(TenderTotal(kind, count, int(kept)) for kind, count, kept in rows)


def _tax_sums(taxes: tuple[TaxTotal, ...]) -> dict[str, int]:
    return {tax.tax_id: tax.amount_minor for tax in taxes}


def _tender_sums(tenders: tuple[TenderTotal, ...]) -> dict[str, int]:
    return {tender.kind: tender.amount_minor for tender in tenders}


def _by_name(kind: str, stated: dict[str, int], found: dict[str, int]) -> list[tuple[str, int, int]]:
    return [(f"{kind} {name}", stated.get(name, 0), found.get(name, 0)) for name in sorted({*stated, *found})]


def _scalar(tx: Connection, query: Any) -> int:
    return int(tx.scalar(query) or 0)
