"""Products with their prices, and changing a price."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shared_models.errors import ShopError
from shared_models.money import currency, parse_amount
from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView, address, read_form, see
from sync_server.errors import Forbidden
from sync_server.pages import page_of, read_cursor
from sync_server.pricing.tables import ALL_STORES

_READ = [permission("catalogue.read")]
_PAGE = 50


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/products", guards=_READ, sync_to_thread=True)
    def products(request: AnyRequest) -> Response[str]:
        query = request.query_params
        text, category_id = query.get("q", ""), query.get("category_id", "")
        after = read_cursor(query.get("cursor"), str, str)
        with services.db.read() as tx:
            rows = services.catalogue.products(tx, text, category_id or None, after, _PAGE + 1)
            ids = [row.product.product_id for row in rows]
            prices = services.pricing.prices_in_force(tx, ids, actor_of(request).store_id or ALL_STORES)
            categories = services.catalogue.categories(tx)
            stores = services.stores.stores(tx, None, 1)
        found = page_of(rows, _PAGE, lambda row: (row.product.name, row.product.product_id))
        return view.page(
            request,
            "products.html",
            page=found,
            prices=prices,
            categories=categories,
            currency=stores[0].currency if stores else "EUR",
            filters={"q": text, "category_id": category_id},
        )

    @get("/products/{product_id:str}", guards=_READ, sync_to_thread=True)
    def product(request: AnyRequest, product_id: FromPath[str]) -> Response[str]:
        return _product_page(view, request, product_id)

    @post("/products/{product_id:str}/price", guards=[permission("prices.write")], sync_to_thread=True)
    def change_price(request: AnyRequest, product_id: FromPath[str], body: RawBody) -> Response[Any]:
        fields, actor = read_form(request, body), actor_of(request)
        store_id = fields.get("store_id", ALL_STORES)
        if actor.store_id not in (None, store_id):
            raise Forbidden("Your account is for another store. Ask an administrator.")
        try:
            with services.db.write() as tx:
                stores = {one.store_id: one.currency for one in services.stores.stores(tx, None, 500)}
                code = stores.get(store_id) or next(iter(stores.values()), "EUR")
                amount = parse_amount(fields.get("price", ""), currency(code))
                services.pricing.change_price(
                    tx, product_id, amount, changed_by=actor.name, store_id=store_id
                )
        except ShopError as reason:
            return _product_page(view, request, product_id, fields, reason.message, 400)
        return see(address(f"/products/{product_id}", {"done": "1"}))

    return [products, product, change_price]


def _product_page(
    view: ConsoleView,
    request: AnyRequest,
    product_id: str,
    fields: dict[str, str] | None = None,
    message: str = "",
    status: int = 200,
) -> Response[str]:
    services = view.services
    with services.db.read() as tx:
        kept = services.catalogue.product(tx, product_id)
        prices = services.pricing.prices(tx, product_id)
        shops = services.stores.stores(tx, None, 500)
        stores = view.stores(tx, actor_of(request))
        in_force = {
            store_id: services.pricing.prices_in_force(tx, [product_id], store_id).get(product_id)
            for store_id in stores
        }
        categories = {one.category_id: one.name for one in services.catalogue.categories(tx)}
    return view.page(
        request,
        "product.html",
        status,
        kept=kept,
        product=kept.product,
        prices=prices,
        in_force=in_force,
        in_force_ids={price.price_id for price in in_force.values() if price},
        stores=stores,
        currency=shops[0].currency if shops else "EUR",
        category=categories.get(kept.product.category_id or "", ""),
        fields=fields or {},
        message=message,
        now_ms=view.now_ms(),
        done=request.query_params.get("done", ""),
    )
