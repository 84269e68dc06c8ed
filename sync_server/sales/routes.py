"""Sales over HTTP."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import NotFound
from sync_server.pages import Hex, Page, checked_limit, page_of, read_cursor
from sync_server.sales.service import SaleDetail, SaleFilter, SaleHead, SalesService
from sync_server.store_scope import store_in_scope

_READ = [permission("sales.read")]


def routes(db: Database, service: SalesService) -> list[ControllerRouterHandler]:
    @get("/api/v1/sales", guards=_READ, sync_to_thread=True, summary="Sales, the newest first")
    def sales(
        request: Request[Any, Any, Any],
        store_id: FromQuery[str] = "",
        till_id: FromQuery[str] = "",
        shift_id: FromQuery[str] = "",
        day: FromQuery[str] = "",
        first_day: FromQuery[str] = "",
        last_day: FromQuery[str] = "",
        receipt: FromQuery[str] = "",
        product_id: FromQuery[str] = "",
        tender: FromQuery[str] = "",
        tax_id: FromQuery[str] = "",
        hour: FromQuery[int | None] = None,
        late: FromQuery[bool] = False,
        training: FromQuery[bool] = False,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[SaleHead]:
        """`day` is a business date (2026-11-21), short for first_day and last_day."""
        wanted = SaleFilter(
            store_id=store_in_scope(actor_of(request), store_id) or "",
            till_id=till_id,
            shift_id=shift_id,
            first_day=first_day or day,
            last_day=last_day or day,
            receipt=receipt,
            product_id=product_id,
            tender=tender,
            tax_id=tax_id,
            hour=hour,
            late=late,
            training=training,
        )
        size, before = checked_limit(limit), read_cursor(cursor, int, Hex)
        with db.read() as tx:
            rows = service.sales(tx, wanted, before, size + 1)
        return page_of(rows, size, lambda row: (row.at_ms, row.entry))

    @get(
        "/api/v1/sales/{entry:str}",
        guards=_READ,
        sync_to_thread=True,
        summary="One sale, as its receipt says it",
    )
    def sale(request: Request[Any, Any, Any], entry: FromPath[str]) -> SaleDetail:
        """`entry` is the journal entry's id, as the list gives it."""
        with db.read() as tx:
            detail = service.detail(tx, entry)
        if actor_of(request).store_id not in (None, detail.head.store_id):
            raise NotFound(
                "There is no such sale on the server. Its till may not have sent it yet.", entry=entry
            )
        return detail

    handlers: list[Any] = [sales, sale]
    return handlers
