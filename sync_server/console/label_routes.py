"""Labels: prices that the shelves do not show yet, or products searched for, chosen and printed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody

from shared_models.errors import ShopError
from shared_models.labels.sheets import DEFAULT_SHEET, SHEETS
from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView, read_form
from sync_server.errors import Invalid
from sync_server.labels.printing import Format, label_file, paper_of
from sync_server.labels.service import MAX_COPIES, ShelfPrice, WantedLabel
from sync_server.store_scope import store_in_scope

_READ = [permission("prices.read")]
_MOST_ROWS = 500
_COPIES = "copies-"
ROLLS = {"57x32": (57, 32), "76x51": (76, 51), "100x60": (100, 60)}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/labels", guards=_READ, sync_to_thread=True)
    def labels(request: AnyRequest) -> Response[str]:
        query = request.query_params
        return _page(view, request, {name: query.get(name, "") for name in ("store_id", "since", "q")})

    @post("/labels", guards=_READ, sync_to_thread=True, status_code=200)
    def print_labels(request: AnyRequest, body: RawBody) -> Response[Any]:
        fields = read_form(request, body)
        try:
            store_id = store_in_scope(actor_of(request), fields.get("store_id")) or ""
            with services.db.read() as tx:
                chosen = services.labels.labels(tx, store_id, _wanted(fields))
                today = view.today(tx)
            width, height = ROLLS.get(fields.get("roll", ""), ROLLS["57x32"])
            paper = paper_of(
                {
                    "sheet": fields.get("sheet", DEFAULT_SHEET),
                    "skip": fields.get("skip") or 0,
                    "width_mm": width,
                    "height_mm": height,
                }
            )
            format: Format = "zpl" if fields.get("format") == "zpl" else "pdf"
            return label_file(chosen, format, paper, f"labels-{store_id}-{today}")
        except ShopError as reason:
            return _page(view, request, fields, reason.message, int(getattr(reason, "status", 400)))

    return [labels, print_labels]


def _page(
    view: ConsoleView, request: AnyRequest, asked: dict[str, str], message: str = "", status: int = 200
) -> Response[str]:
    with view.services.db.read() as tx:
        stores = view.stores(tx, actor_of(request))
        since = asked.get("since") or view.today(tx)
        store_id = asked.get("store_id") or next(iter(stores), "")
        rows: list[ShelfPrice] = []
        if store_in_scope(actor_of(request), store_id) and store_id in stores:
            try:
                rows = _rows(view, tx, store_id, since, asked.get("q", ""))
            except Invalid as reason:
                message, status = reason.message, 400
    return view.page(
        request,
        "labels.html",
        status,
        stores=stores,
        filters={"store_id": store_id, "since": since, "q": asked.get("q", "")},
        fields=asked,
        rows=rows[:_MOST_ROWS],
        left_over=max(0, len(rows) - _MOST_ROWS),
        sheets=SHEETS,
        default_sheet=DEFAULT_SHEET,
        rolls=ROLLS,
        most_copies=MAX_COPIES,
        message=message,
    )


def _rows(view: ConsoleView, tx: Any, store_id: str, since: str, text: str) -> list[ShelfPrice]:
    services = view.services
    if not text.strip():
        return services.labels.changed_since(tx, store_id, since)
    found = services.catalogue.products(tx, text, None, None, 50)
    return services.labels.in_force(tx, store_id, [one.product.product_id for one in found])


def _wanted(fields: dict[str, str]) -> list[WantedLabel]:
    """Rows without a number are not wanted."""
    wanted = []
    for name, value in fields.items():
        if name.startswith(_COPIES) and value.strip() not in ("", "0"):
            if not value.strip().isdecimal() or not 0 < int(value[:9]) <= MAX_COPIES:
                raise Invalid(f"Copies are a number from 0 to {MAX_COPIES}.")
            wanted.append(WantedLabel(name.removeprefix(_COPIES), int(value)))
    if not wanted:
        raise Invalid("No label is chosen. Write how many copies of each you want.")
    return wanted
