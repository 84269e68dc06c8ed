"""A shift as its till closed it, as the server finds it, and with what came late: side by side."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Table, func, select

from shared_models.cash import ShiftClosed
from sync_server.cash.service import CashService, Movement, ShiftHead
from sync_server.leases.tables import refund
from sync_server.reports.shift_figures import Difference, ShiftFigures, differences, shift_figures
from sync_server.sales.tables import sale


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """`stated` is the Z report, None while the shift is open. `amended` counts late sales and refunds too."""

    shift: ShiftHead
    stated: ShiftClosed | None
    recomputed: ShiftFigures
    differences: list[Difference]
    amended: ShiftFigures | None
    late_sales: int
    late_refunds: int
    movements: list[Movement]
    receipts: str


def shift_report(tx: Connection, cash: CashService, shift_id: str) -> ShiftReport:
    head, closing = cash.shift(tx, shift_id), cash.closing(tx, shift_id)
    recomputed = shift_figures(tx, shift_id, with_late=False)
    late_sales, late_refunds = (_late(tx, table, shift_id) for table in (sale, refund))
    return ShiftReport(
        shift=head,
        stated=closing.stated if closing else None,
        recomputed=recomputed,
        differences=differences(closing.stated.totals, recomputed) if closing else [],
        amended=shift_figures(tx, shift_id, with_late=True) if late_sales or late_refunds else None,
        late_sales=late_sales,
        late_refunds=late_refunds,
        movements=cash.movements(tx, shift_id),
        receipts=f"/api/v1/sales?shift_id={shift_id}",
    )


def _late(tx: Connection, table: Table, shift_id: str) -> int:
    late = (
        select(func.count()).select_from(table).where(table.c.shift_id == shift_id, table.c.late_after_close)
    )
    return tx.scalar(late) or 0
