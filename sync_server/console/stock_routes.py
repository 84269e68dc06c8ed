"""Stock on hand, what made it, and corrections."""

from __future__ import annotations

from typing import Any, get_args

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shared_models.errors import ShopError
from shared_models.quantity import parse_quantity
from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView, address, read_form, see
from sync_server.errors import Invalid
from sync_server.pages import Hex, page_of, read_cursor
from sync_server.ports import random_id
from sync_server.reports.stock_on_hand import SORTS, StockQuery, stock_on_hand
from sync_server.stock.service import Correction, Reason
from sync_server.store_scope import store_in_scope

_READ = [permission("stock.read")]
_PAGE = 50
_REASONS: tuple[Reason, ...] = get_args(Reason)


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/stock", guards=_READ, sync_to_thread=True)
    def stock(request: AnyRequest) -> Response[str]:
        query, actor = request.query_params, actor_of(request)
        page = _number(query.get("page", "1"))
        wanted = StockQuery(
            text=query.get("q", ""),
            location_id=store_in_scope(actor, query.get("location_id")) or "",
            level=query.get("level", ""),
            sort=query.get("sort", "name") if query.get("sort") in SORTS else "name",
            offset=(page - 1) * _PAGE,
            limit=_PAGE,
        )
        with services.db.read() as tx:
            rows, total = stock_on_hand(tx, wanted)
            stores = view.stores(tx, actor)
        filters = {
            "q": wanted.text,
            "location_id": wanted.location_id,
            "level": wanted.level,
            "sort": wanted.sort if wanted.sort != "name" else "",
        }
        more = total > page * _PAGE
        return view.page(
            request,
            "stock.html",
            rows=rows,
            total=total,
            stores=stores,
            filters=filters,
            page=page,
            more=more,
        )

    @get("/stock/{product_id:str}", guards=_READ, sync_to_thread=True)
    def product(request: AnyRequest, product_id: FromPath[str]) -> Response[str]:
        return _product_page(view, request, product_id)

    @post("/stock/{product_id:str}", guards=[permission("stock.write")], sync_to_thread=True)
    def correct(request: AnyRequest, product_id: FromPath[str], body: RawBody) -> Response[Any]:
        fields = read_form(request, body)
        try:
            wanted = _correction(product_id, fields)
            store_in_scope(actor_of(request), wanted.location_id)
            with services.db.write() as tx:
                services.catalogue.product(tx, product_id)
                services.stock.correct(tx, wanted, actor_of(request).name, fields.get("once", ""))
        except ShopError as reason:
            return _product_page(view, request, product_id, fields, reason.message, 400)
        return see(address(f"/stock/{product_id}", {"location_id": wanted.location_id, "done": "1"}))

    return [stock, product, correct]


def _product_page(
    view: ConsoleView,
    request: AnyRequest,
    product_id: str,
    fields: dict[str, str] | None = None,
    message: str = "",
    status: int = 200,
) -> Response[str]:
    services, actor, query = view.services, actor_of(request), request.query_params
    fields = fields or {}
    location = store_in_scope(actor, fields.get("location_id") or query.get("location_id")) or ""
    before = read_cursor(query.get("cursor"), int, Hex, int)
    with services.db.read() as tx:
        kept = services.catalogue.product(tx, product_id)
        stores = view.stores(tx, actor)
        levels = services.stock.levels(tx, location_id=location or None, product_id=product_id)
        moves = services.stock.moves(tx, product_id, location or None, before, _PAGE + 1)
    return view.page(
        request,
        "stock_product.html",
        status,
        product=kept.product,
        stores=stores,
        location=location,
        levels=levels,
        page=page_of(moves, _PAGE, lambda row: (row.at_ms, row.move_id, row.line)),
        reasons=_REASONS,
        fields=fields,
        message=message,
        once=fields.get("once") or random_id(),
        done=query.get("done", ""),
    )


def _correction(product_id: str, fields: dict[str, str]) -> Correction:
    amount = parse_quantity(fields.get("quantity", ""))
    counted = fields.get("how") == "counted"
    return Correction(
        product_id=product_id,
        location_id=fields.get("location_id", ""),
        reason=_reason(fields.get("reason", "")),
        counted_milli=amount if counted else None,
        change_milli=None if counted else amount,
        note=fields.get("note", ""),
    )


def _reason(text: str) -> Reason:
    for reason in _REASONS:
        if reason == text:
            return reason
    raise Invalid("Choose a reason.")


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
