"""Receipts: the list that every figure leads to, and each one as it was printed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from sync_server.auth import actor_of, permission
from sync_server.console.sale_filters import sale_filter
from sync_server.console.view import AnyRequest, ConsoleView
from sync_server.errors import NotFound
from sync_server.pages import Hex, page_of, read_cursor
from sync_server.reports.evidence import evidence_of
from sync_server.reports.refunds import refunds
from sync_server.reports.takings import in_address, takings
from sync_server.sales.service import SaleFilter

_READ = [permission("sales.read")]
_PAGE = 50
_TITLES = {
    "store_id": "store",
    "till_id": "till",
    "shift_id": "shift",
    "first_day": "from",
    "last_day": "to",
    "receipt": "receipt",
    "product_id": "product",
    "tender": "tender",
    "tax_id": "tax",
    "hour": "hour",
    "late": "late after close",
    "training": "training",
}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/receipts", guards=_READ, sync_to_thread=True)
    def receipts(request: AnyRequest) -> Response[str]:
        query = request.query_params
        wanted = sale_filter(query, actor_of(request))
        before = read_cursor(query.get("cursor"), int, Hex)
        with services.db.read() as tx:
            rows = services.sales.sales(tx, wanted, before, _PAGE + 1)
            totals = takings(tx, wanted, "till").totals
            product = services.catalogue.names(tx, [wanted.product_id]) if wanted.product_id else {}
        found = page_of(rows, _PAGE, lambda row: (row.at_ms, row.entry))
        filters = in_address(wanted)
        chips = [
            (_TITLES[name], product.get(value, value), {n: v for n, v in filters.items() if n != name})
            for name, value in filters.items()
        ]
        return view.page(request, "receipts.html", page=found, totals=totals, filters=filters, chips=chips)

    @get("/receipts/{entry:str}", guards=_READ, sync_to_thread=True)
    def receipt(request: AnyRequest, entry: FromPath[str]) -> Response[str]:
        with services.db.read() as tx:
            detail = services.sales.detail(tx, entry)
            if actor_of(request).store_id not in (None, detail.head.store_id):
                raise NotFound("There is no such sale on the server.", entry=entry)
            shop = services.stores.store(tx, detail.head.store_id)
            evidence = evidence_of(tx, entry)
            went_back = refunds(tx, SaleFilter(receipt=detail.head.receipt_number))
        return view.page(
            request,
            "receipt.html",
            head=detail.head,
            sale=detail.receipt,
            shop=shop,
            evidence=evidence,
            refunds=went_back,
        )

    return [receipts, receipt]
