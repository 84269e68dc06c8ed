"""Takings: today's, as they come in, and any other day's."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from litestar import Response, get

from sync_server.auth import Actor, actor_of, permission
from sync_server.console.hour_chart import hour_chart
from sync_server.console.sale_filters import sale_filter
from sync_server.console.view import AnyRequest, ConsoleView
from sync_server.database import Transaction
from sync_server.reports.csv_export import takings_csv
from sync_server.reports.routes import group_of
from sync_server.reports.takings import in_address, takings

_READ = [permission("reports.read")]
_TABS = ("product", "category", "hour", "tax", "tender", "operator", "shift", "day")
_WIDE, _NARROW = 860, 340


def routes(view: ConsoleView) -> list[Any]:
    @get("/takings", guards=_READ, sync_to_thread=True)
    def page(request: AnyRequest) -> Response[str]:
        return view.page(request, "takings.html", **_figures(view, request))

    @get("/takings/live", guards=_READ, sync_to_thread=True)
    def live(request: AnyRequest) -> Response[str]:
        """Only what changes, and nothing at all while nothing did."""
        answer = view.html("takings_live.html", **_figures(view, request))
        tag = f'"{sha256(answer.content.encode()).hexdigest()[:24]}"'
        if request.headers.get("if-none-match") == tag:
            return Response("", status_code=304, headers={"ETag": tag})
        answer.headers["ETag"] = tag
        return answer

    @get("/takings.csv", guards=_READ, sync_to_thread=True)
    def export(request: AnyRequest) -> Response[str]:
        by = group_of(request.query_params.get("by", "product"))
        with view.services.db.read() as tx:
            found = takings(tx, sale_filter(request.query_params, actor_of(request)), by)
        headers = {"Content-Disposition": f'attachment; filename="takings-by-{by}.csv"'}
        return Response(takings_csv(found), media_type="text/csv", headers=headers)

    return [page, live, export]


def _figures(view: ConsoleView, request: AnyRequest) -> dict[str, Any]:
    actor, query = actor_of(request), dict(request.query_params)
    by = group_of(query.get("by", "product"))
    with view.services.db.read() as tx:
        today = view.today(tx)
        if not any(query.get(name) for name in ("day", "first_day", "last_day", "shift_id")):
            query["day"] = today
        wanted = sale_filter(query, actor)
        hours = takings(tx, wanted, "hour")
        return {
            "wanted": wanted,
            "filters": in_address(wanted),
            "today": today,
            "by": by,
            "tabs": _TABS,
            "stores": view.stores(tx, actor),
            "all": hours,
            "by_store": takings(tx, wanted, "store").rows,
            "by_till": takings(tx, wanted, "till").rows,
            "table": takings(tx, wanted, by),
            "charts": [hour_chart(hours.rows, width) for width in (_WIDE, _NARROW)],
            **_days(wanted.first_day, wanted.last_day, today),
            "exceptions_waiting": _waiting(view, tx, actor),
        }


def _waiting(view: ConsoleView, tx: Transaction, actor: Actor) -> int:
    return view.services.exceptions.unresolved_count(tx, actor.store_id)


def _days(first: str, last: str, today: str) -> dict[str, str]:
    """The day before and the one after, where a single day is shown."""
    if not first or first != last:
        return {"day": "", "day_before": "", "day_after": ""}
    try:
        day = date.fromisoformat(first)
        after = (day + timedelta(days=1)).isoformat()
        before = (day - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return {"day": first, "day_before": "", "day_after": ""}
    return {"day": first, "day_before": before, "day_after": after if after <= today else ""}
