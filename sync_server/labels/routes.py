"""Labels over HTTP."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.labels.sheets import DEFAULT_SHEET
from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import Invalid, read_json
from sync_server.labels.printing import Format, Paper, label_file, paper_of
from sync_server.labels.service import LabelService, ShelfPrice, WantedLabel
from sync_server.store_scope import store_in_scope

_READ = [permission("prices.read")]


class AskedLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`store_id` may be left out by an account of one store."""

    products: tuple[WantedLabel, ...]
    store_id: str = ""
    format: Format = "pdf"
    paper: Paper = Paper()


def routes(db: Database, service: LabelService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/labels",
        guards=_READ,
        sync_to_thread=True,
        summary="Labels of all products whose price in a store is another than before a day",
    )
    def changed(
        request: Request[Any, Any, Any],
        changed_since: FromQuery[str],
        store_id: FromQuery[str] = "",
        format: FromQuery[Literal["json", "pdf", "zpl"]] = "json",
        sheet: FromQuery[str] = DEFAULT_SHEET,
        skip: FromQuery[int] = 0,
        width_mm: FromQuery[int] = 57,
        height_mm: FromQuery[int] = 32,
        dots_per_mm: FromQuery[int] = 8,
    ) -> Response[Any]:
        """`changed_since` is a day like 2026-11-30. `format`: json lists them, pdf is sheets, zpl for a label printer.

        `skip` is how many labels of the first sheet are used up; millimetres and dots are those of the printer's roll.
        """
        store = store_asked_for(request, store_id)
        roll = {"width_mm": width_mm, "height_mm": height_mm, "dots_per_mm": dots_per_mm}
        paper = paper_of({"sheet": sheet, "skip": skip, **roll})
        with db.read() as tx:
            if format == "json":
                rows: list[ShelfPrice] = service.changed_since(tx, store, changed_since)
                return Response(rows)
            labels = service.labels_changed_since(tx, store, changed_since)
        return label_file(labels, format, paper, f"labels-{changed_since}")

    @post(
        "/api/v1/labels",
        guards=_READ,
        sync_to_thread=True,
        status_code=200,
        summary="Labels of products, as PDF sheets or as ZPL",
    )
    def chosen(request: Request[Any, Any, Any], body: RawBody) -> Response[bytes]:
        """For example {"store_id": "03", "products": [{"product_id": "…", "copies": 2}], "format": "zpl"}."""
        asked = read_json(body, AskedLabels)
        store = store_asked_for(request, asked.store_id)
        with db.read() as tx:
            labels = service.labels(tx, store, asked.products)
        return label_file(labels, asked.format, asked.paper, "labels")

    # One router: the framework breaks a path that gets its second method after the first one is registered.
    return [Router("/", route_handlers=[changed, chosen])]


def store_asked_for(request: Request[Any, Any, Any], store_id: str) -> str:
    store = store_in_scope(actor_of(request), store_id)
    if store is None:
        raise Invalid("Say which store the labels are for: its prices and its currency stand on them.")
    return store
