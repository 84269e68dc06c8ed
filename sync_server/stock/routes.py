"""Stock over HTTP."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import read_json
from sync_server.pages import Hex, Page, checked_limit, page_of, read_cursor
from sync_server.stock.service import Correction, Level, Move, StockService
from sync_server.store_scope import store_in_scope

_READ = [permission("stock.read")]


def routes(db: Database, service: StockService) -> list[ControllerRouterHandler]:
    @get("/api/v1/stock", guards=_READ, sync_to_thread=True, summary="What is on hand, by place and product")
    def levels(
        request: Request[Any, Any, Any],
        location_id: FromQuery[str] = "",
        product_id: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[Level]:
        size, after = checked_limit(limit), read_cursor(cursor, str, str)
        scope = store_in_scope(actor_of(request), location_id)
        with db.read() as tx:
            rows = service.levels(tx, location_id=scope, product_id=product_id, after=after, limit=size + 1)
        return page_of(rows, size, lambda row: (row.location_id, row.product_id))

    @get(
        "/api/v1/stock/{product_id:str}/moves",
        guards=_READ,
        sync_to_thread=True,
        summary="What made the level: every move, the newest first",
    )
    def moves(
        request: Request[Any, Any, Any],
        product_id: FromPath[str],
        location_id: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[Move]:
        size, before = checked_limit(limit), read_cursor(cursor, int, Hex, int)
        scope = store_in_scope(actor_of(request), location_id)
        with db.read() as tx:
            rows = service.moves(tx, product_id, scope, before, size + 1)
        return page_of(rows, size, lambda row: (row.at_ms, row.move_id, row.line))

    @post(
        "/api/v1/stock/corrections",
        guards=[permission("stock.write")],
        sync_to_thread=True,
        summary="Correct stock: what came or went, or how much was counted",
    )
    def correct(request: Request[Any, Any, Any], body: RawBody) -> Level:
        """With an Idempotency-Key header, the same request again changes nothing."""
        wanted, actor = read_json(body, Correction), actor_of(request)
        store_in_scope(actor, wanted.location_id)
        key = request.headers.get("idempotency-key", "")
        with db.write() as tx:
            return service.correct(tx, wanted, actor.name, f"{actor.account_id}|{key}" if key else "")

    handlers: list[Any] = [levels, moves, correct]
    return handlers
