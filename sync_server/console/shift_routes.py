"""Shifts: the Z report as stated, beside what the server finds."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView
from sync_server.errors import NotFound
from sync_server.pages import page_of, read_cursor
from sync_server.reports.shift_figures import ShiftFigures
from sync_server.reports.shift_report import shift_report
from sync_server.store_scope import store_in_scope

_READ = [permission("cash.read")]
_PAGE = 50
_OF_SALES = ("sale_count", "line_count", "net_minor", "tax_minor", "gross_minor", "discount_minor")
_COUNTS = ("sale_count", "line_count", "no_sale_count", "refund_count")
_ROWS = tuple(name for name in ShiftFigures.__struct_fields__ if name not in ("taxes", "tenders"))
_WORDS = {
    "sale_count": "Sales",
    "line_count": "Lines",
    "net_minor": "Net",
    "tax_minor": "Tax",
    "gross_minor": "Total",
    "discount_minor": "Discounts",
    "cash_rounding_minor": "Cash rounding",
    "float_minor": "Opening float",
    "paid_in_minor": "Paid in",
    "paid_out_minor": "Paid out",
    "safe_drop_minor": "Safe drops",
    "no_sale_count": "Drawer opened without sale",
    "expected_minor": "Expected in the drawer",
    "refund_count": "Refunds",
    "refund_minor": "Taken back",
    "refund_cash_minor": "Taken back in cash",
}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/shifts", guards=_READ, sync_to_thread=True)
    def shifts(request: AnyRequest) -> Response[str]:
        query = request.query_params
        scope = store_in_scope(actor_of(request), query.get("store_id"))
        before = read_cursor(query.get("cursor"), int, str)
        till_id, day = query.get("till_id", ""), query.get("day", "")
        with services.db.read() as tx:
            rows = services.cash.shifts(
                tx, store_id=scope, till_id=till_id, day=day, before=before, limit=_PAGE + 1
            )
        found = page_of(rows, _PAGE, lambda row: (row.opened_at_ms, row.shift_id))
        filters = {"store_id": query.get("store_id", ""), "till_id": till_id, "day": day}
        return view.page(request, "shifts.html", page=found, filters=filters)

    @get("/shifts/{shift_id:str}", guards=_READ, sync_to_thread=True)
    def shift(request: AnyRequest, shift_id: FromPath[str]) -> Response[str]:
        with services.db.read() as tx:
            report = shift_report(tx, services.cash, shift_id)
        if actor_of(request).store_id not in (None, report.shift.store_id):
            raise NotFound("There is no such shift on the server.")
        rows = [(name, _WORDS[name], name in _COUNTS) for name in _ROWS]
        return view.page(
            request, "shift.html", report=report, shift=report.shift, rows=rows, of_sales=_OF_SALES
        )

    return [shifts, shift]
