"""Shifts over HTTP. What the server recomputes of them is among the reports."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.params import FromQuery
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.cash.service import CashService, ShiftHead
from sync_server.database import Database
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope


def routes(db: Database, service: CashService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/shifts",
        guards=[permission("cash.read")],
        sync_to_thread=True,
        summary="Shifts, the newest first; a closed one has its count",
    )
    def shifts(
        request: Request[Any, Any, Any],
        store_id: FromQuery[str] = "",
        till_id: FromQuery[str] = "",
        day: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[ShiftHead]:
        size, before = checked_limit(limit), read_cursor(cursor, int, str)
        scope = store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            rows = service.shifts(tx, store_id=scope, till_id=till_id, day=day, before=before, limit=size + 1)
        return page_of(rows, size, lambda row: (row.opened_at_ms, row.shift_id))

    handlers: list[Any] = [shifts]
    return handlers
