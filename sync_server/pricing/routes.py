"""Prices and taxes over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post, put
from litestar.params import FromPath, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import Invalid, read_json
from sync_server.pricing.service import KeptTaxCategory, PricingService
from sync_server.pricing.tables import ALL_STORES
from sync_server.pricing.timeline import KeptPrice

_READ = [permission("prices.read")]
_WRITE = [permission("prices.write")]


class NewPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`store_id` is empty for all stores; without `valid_from_ms` it holds from now on."""

    product_id: str
    unit_price_minor: int
    store_id: str = ALL_STORES
    valid_from_ms: int | None = None


def routes(db: Database, service: PricingService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/products/{product_id:str}/prices",
        guards=_READ,
        sync_to_thread=True,
        summary="All prices that a product ever had, the newest first",
    )
    def prices(product_id: FromPath[str]) -> list[KeptPrice]:
        with db.read() as tx:
            return service.prices(tx, product_id)

    @post(
        "/api/v1/prices",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Set a price; it goes to the tills at once",
    )
    def change(request: Request[Any, Any, Any], body: RawBody) -> KeptPrice:
        """For example {"product_id": "…", "unit_price_minor": 249}."""
        asked = read_json(body, NewPrice)
        with db.write() as tx:
            return service.change_price(
                tx,
                asked.product_id,
                asked.unit_price_minor,
                changed_by=actor_of(request).name,
                store_id=asked.store_id,
                valid_from_ms=asked.valid_from_ms,
            )

    @get(
        "/api/v1/tax-categories", guards=_READ, sync_to_thread=True, summary="Tax categories with their taxes"
    )
    def tax_categories() -> list[KeptTaxCategory]:
        with db.read() as tx:
            return service.tax_categories(tx)

    @put(
        "/api/v1/tax-categories/{tax_category_id:str}",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Set a tax category's taxes, for all stores or for one",
    )
    def save_tax_category(tax_category_id: FromPath[str], body: RawBody) -> KeptTaxCategory:
        wanted = read_json(body, KeptTaxCategory)
        if wanted.tax_category_id != tax_category_id:
            raise Invalid("The tax category in the address and the one in the body differ.")
        with db.write() as tx:
            service.save_tax_category(tx, wanted)
        return wanted

    handlers: list[Any] = [prices, change, tax_categories, save_tax_category]
    return handlers
