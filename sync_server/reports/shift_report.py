"""A shift as its till closed it, as the server finds it, and with what came late: side by side."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from shared_models.cash import ShiftClosed
from sync_server.cash.service import CashService, Movement, ShiftHead
from sync_server.reports.shift_figures import Difference, ShiftFigures, differences, shift_figures
from sync_server.sales.tables import sale


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """`stated` is the Z report, None while the shift is open. `amended` counts late sales too."""

    shift: ShiftHead
    stated: ShiftClosed | None
    recomputed: ShiftFigures
    differences: list[Difference]
    amended: ShiftFigures | None
    late_sales: int
    movements: list[Movement]
    receipts: str


def shift_report(tx: Connection, cash: CashService, shift_id: str) -> ShiftReport:
    head, closing = cash.shift(tx, shift_id), cash.closing(tx, shift_id)
    recomputed = shift_figures(tx, shift_id, with_late=False)
    late_ones = (
        select(func.count()).select_from(sale).where(sale.c.shift_id == shift_id, sale.c.late_after_close)
    )
    late = tx.scalar(late_ones) or 0
    return ShiftReport(
        shift=head,
        stated=closing.stated if closing else None,
        recomputed=recomputed,
        differences=differences(closing.stated.totals, recomputed) if closing else [],
        amended=shift_figures(tx, shift_id, with_late=True) if late else None,
        late_sales=late,
        movements=cash.movements(tx, shift_id),
        receipts=f"/api/v1/sales?shift_id={shift_id}",
    )
