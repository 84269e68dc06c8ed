"""The catalogue over HTTP."""

from __future__ import annotations

import io
from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.catalogue import Category
from shared_models.money import currency as currency_of_code
from sync_server.auth import actor_of, permission
from sync_server.catalogue.csv_import import CatalogueImport, ImportReport
from sync_server.catalogue.service import CatalogueService, KeptProduct, ProductFields
from sync_server.database import Database
from sync_server.errors import Invalid, read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor

_READ = [permission("catalogue.read")]
_WRITE = [permission("catalogue.write")]


def routes(
    db: Database, service: CatalogueService, file_import: CatalogueImport
) -> list[ControllerRouterHandler]:
    handlers = [
        *_product_routes(db, service),
        *_category_routes(db, service),
        *_import_routes(db, file_import),
    ]
    # One router: the framework breaks a path that gets its third method after the first ones are registered.
    return [Router("/", route_handlers=handlers)]


def _product_routes(db: Database, service: CatalogueService) -> list[Any]:
    @get(
        "/api/v1/products", guards=_READ, sync_to_thread=True, summary="Products by name, or those that match"
    )
    def products(
        q: FromQuery[str] = "",
        category_id: FromQuery[str | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[KeptProduct]:
        """`q`: words that all occur in name, SKU or barcode, in any order, case and accents aside."""
        size, after = checked_limit(limit), read_cursor(cursor, str, str)
        with db.read() as tx:
            rows = service.products(tx, q, category_id, after, size + 1)
        return page_of(rows, size, lambda row: (row.product.name, row.product.product_id))

    @post(
        "/api/v1/products", guards=_WRITE, sync_to_thread=True, summary="A new product; it goes to every till"
    )
    def create(body: RawBody) -> Response[KeptProduct]:
        """For example {"sku": "TEA-1", "name": "Green tea", "barcodes": ["4006381333931"]}."""
        fields = read_json(body, ProductFields)
        with db.write() as tx:
            return _with_etag(service.create(tx, fields), 201)

    @get(
        "/api/v1/products/{product_id:str}",
        guards=_READ,
        sync_to_thread=True,
        summary="One product, with an ETag",
    )
    def product(request: Request[Any, Any, Any], product_id: FromPath[str]) -> Response[Any]:
        with db.read() as tx:
            kept = service.product(tx, product_id)
        if request.headers.get("if-none-match") == _etag(kept):
            return Response(None, status_code=304, headers={"ETag": _etag(kept)})
        return _with_etag(kept, 200)

    @put("/api/v1/products/{product_id:str}", guards=_WRITE, sync_to_thread=True, summary="Change a product")
    def change(
        request: Request[Any, Any, Any], product_id: FromPath[str], body: RawBody
    ) -> Response[KeptProduct]:
        """With If-Match, only when nobody else changed it meanwhile."""
        fields = read_json(body, ProductFields)
        with db.write() as tx:
            return _with_etag(service.change(tx, product_id, fields, _if_match(request)), 200)

    @delete(
        "/api/v1/products/{product_id:str}", guards=_WRITE, sync_to_thread=True, summary="No longer for sale"
    )
    def remove(product_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.remove(tx, product_id)

    return [products, create, product, change, remove]


def _category_routes(db: Database, service: CatalogueService) -> list[Any]:
    @get("/api/v1/categories", guards=_READ, sync_to_thread=True, summary="All categories in their order")
    def categories() -> list[Category]:
        with db.read() as tx:
            return service.categories(tx)

    @put("/api/v1/categories/{category_id:str}", guards=_WRITE, sync_to_thread=True, summary="Set a category")
    def save(category_id: FromPath[str], body: RawBody) -> Category:
        wanted = read_json(body, Category)
        if wanted.category_id != category_id:
            raise Invalid("The category in the address and the one in the body differ.")
        with db.write() as tx:
            return service.save_category(tx, wanted)

    @delete(
        "/api/v1/categories/{category_id:str}",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Remove an empty category",
    )
    def remove(category_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.remove_category(tx, category_id)

    return [categories, save, remove]


def _import_routes(db: Database, file_import: CatalogueImport) -> list[Any]:
    @post(
        "/api/v1/products/import",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=200,
        summary="Import a CSV file of products; good rows are taken, bad ones reported",
    )
    def import_file(
        request: Request[Any, Any, Any],
        body: RawBody,
        currency: FromQuery[str] = "EUR",
        dry_run: FromQuery[bool] = False,
    ) -> ImportReport:
        """The body is the file itself. The same file again changes nothing; `dry_run` only reports."""
        money, by = currency_of_code(currency), actor_of(request).name
        with db.write() as tx:
            return file_import.run(tx, io.BytesIO(body), money, dry_run=dry_run, changed_by=by)

    return [import_file]


def _etag(kept: KeptProduct) -> str:
    return f'"{kept.version}"'


def _with_etag(kept: KeptProduct, status: int) -> Response[KeptProduct]:
    return Response(kept, status_code=status, headers={"ETag": _etag(kept)})


def _if_match(request: Request[Any, Any, Any]) -> int | None:
    given = request.headers.get("if-match", "*").strip().strip('"')
    if given == "*":
        return None
    if not given.isdigit():
        raise Invalid("If-Match holds the ETag that the product came with.")
    return int(given)
