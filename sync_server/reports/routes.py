"""Reports over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.cash.service import CashService
from sync_server.database import Database
from sync_server.errors import Invalid, NotFound
from sync_server.pages import checked_limit
from sync_server.reports.csv_export import takings_csv
from sync_server.reports.shift_report import ShiftReport, shift_report
from sync_server.reports.stock_on_hand import SORTS, OnHand, StockQuery, stock_on_hand
from sync_server.reports.takings import GROUPS, Group, Takings, TakingsRow, takings
from sync_server.sales.service import SaleFilter
from sync_server.store_scope import store_in_scope

_READ = [permission("reports.read")]
_FURTHEST = 10**9


class LinkedRow(TakingsRow, frozen=True, kw_only=True):
    """A row with the address of its receipts."""

    receipts_url: str


class TakingsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`takings` with an address on each row."""

    takings: Takings
    rows: list[LinkedRow]


class StockPage(msgspec.Struct, frozen=True):
    rows: list[OnHand]
    total: int


def routes(db: Database, cash: CashService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/reports/takings",
        guards=_READ,
        sync_to_thread=True,
        summary="Takings by store, till, day, …",
    )
    def report(
        request: Request[Any, Any, Any],
        by: FromQuery[str] = "till",
        day: FromQuery[str] = "",
        first_day: FromQuery[str] = "",
        last_day: FromQuery[str] = "",
        store_id: FromQuery[str] = "",
        till_id: FromQuery[str] = "",
        shift_id: FromQuery[str] = "",
        product_id: FromQuery[str] = "",
        format: FromQuery[str] = "json",
    ) -> Response[Any]:
        """`by`: store, till, day, hour, shift, operator, product, category, tax or tender. `format`: json or csv.

        Every row leads to exactly the receipts that it is made of.
        """
        wanted = SaleFilter(
            store_id=store_in_scope(actor_of(request), store_id) or "",
            till_id=till_id,
            shift_id=shift_id,
            product_id=product_id,
            first_day=first_day or day,
            last_day=last_day or day,
        )
        with db.read() as tx:
            found = takings(tx, wanted, group_of(by))
        if format == "csv":
            headers = {"Content-Disposition": f'attachment; filename="takings-by-{by}.csv"'}
            return Response(takings_csv(found), media_type="text/csv", headers=headers)
        return Response(TakingsAnswer(takings=found, rows=[_linked(row) for row in found.rows]))

    @get(
        "/api/v1/reports/shifts/{shift_id:str}",
        guards=_READ,
        sync_to_thread=True,
        summary="A shift as stated by its till, as recomputed, and with what came late",
    )
    def shift(request: Request[Any, Any, Any], shift_id: FromPath[str]) -> ShiftReport:
        with db.read() as tx:
            found = shift_report(tx, cash, shift_id)
        if actor_of(request).store_id not in (None, found.shift.store_id):
            raise NotFound("There is no such shift on the server. Its till may not have sent it yet.")
        return found

    @get("/api/v1/reports/stock", guards=_READ, sync_to_thread=True, summary="Stock on hand with names")
    def stock(
        request: Request[Any, Any, Any],
        q: FromQuery[str] = "",
        location_id: FromQuery[str] = "",
        level: FromQuery[str] = "",
        sort: FromQuery[str] = "name",
        offset: FromQuery[int] = 0,
        limit: FromQuery[int | None] = None,
    ) -> StockPage:
        if sort not in SORTS:
            raise Invalid(f"sort is one of {', '.join(SORTS)}.")
        scope = store_in_scope(actor_of(request), location_id) or ""
        wanted = StockQuery(
            text=q,
            location_id=scope,
            level=level,
            sort=sort,
            offset=max(0, min(offset, _FURTHEST)),
            limit=checked_limit(limit),
        )
        with db.read() as tx:
            return StockPage(*stock_on_hand(tx, wanted))

    handlers: list[Any] = [report, shift, stock]
    return handlers


def group_of(text: str) -> Group:
    for group in GROUPS:
        if group == text:
            return group
    raise Invalid(f"by is one of {', '.join(GROUPS)}.")


def _linked(row: TakingsRow) -> LinkedRow:
    values = msgspec.structs.asdict(row)
    return LinkedRow(**values, receipts_url=f"/api/v1/sales?{urlencode(row.receipts)}")
