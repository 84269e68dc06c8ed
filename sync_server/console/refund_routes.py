"""Refunds: what went back, when, by whom, and of which receipt."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from sync_server.auth import actor_of, permission
from sync_server.console.sale_filters import sale_filter
from sync_server.console.view import AnyRequest, ConsoleView
from sync_server.pages import Hex, page_of, read_cursor
from sync_server.reports.refunds import refund_totals, refunds
from sync_server.reports.takings import in_address

_READ = [permission("sales.read")]
_PAGE = 50


def routes(view: ConsoleView) -> list[Any]:
    @get("/refunds", guards=_READ, sync_to_thread=True)
    def page(request: AnyRequest) -> Response[str]:
        query = request.query_params
        wanted = sale_filter(query, actor_of(request))
        before = read_cursor(query.get("cursor"), int, Hex)
        with view.services.db.read() as tx:
            rows, totals = refunds(tx, wanted, before, _PAGE + 1), refund_totals(tx, wanted)
        found = page_of(rows, _PAGE, lambda row: (row.at_ms, row.entry))
        return view.page(request, "refunds.html", page=found, totals=totals, filters=in_address(wanted))

    return [page]
