"""What goes onto labels: products with the price that is in force in a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from shared_models.catalogue import Product
from shared_models.labels.label import Label
from shared_models.labels.of_product import label_of
from shared_models.moment import day_begins_ms
from sync_server.catalogue.service import CatalogueService
from sync_server.errors import Invalid, NotFound
from sync_server.pricing.service import PricingService
from sync_server.stores.service import StoreService

MAX_COPIES = 500
MAX_LABELS = 2000


class WantedLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    product_id: str
    copies: Annotated[int, msgspec.Meta(ge=1, le=MAX_COPIES)] = 1


class ShelfPrice(msgspec.Struct, frozen=True):
    """A product as it stands on a shelf; `before_minor` is the price that its old label shows, None for none."""

    product: Product
    price_minor: int
    currency: str
    before_minor: int | None = None


class LabelService:
    def __init__(
        self,
        catalogue: CatalogueService,
        pricing: PricingService,
        stores: StoreService,
        zone_min: Callable[[Connection, str], int],
    ) -> None:
        """`zone_min(tx, store_id)` is how far the store's clock is ahead of UTC, in minutes."""
        self._catalogue = catalogue
        self._pricing = pricing
        self._stores = stores
        self._zone_min = zone_min

    def labels(self, tx: Connection, store_id: str, wanted: Sequence[WantedLabel]) -> list[Label]:
        """In the order asked for, each as often as wanted. Raises where a product is gone or has no price."""
        if not 0 < sum(one.copies for one in wanted) <= MAX_LABELS:
            raise Invalid(f"Ask for between 1 and {MAX_LABELS} labels at once.")
        ids = [one.product_id for one in wanted]
        found = {one.product.product_id: one for one in self.in_force(tx, store_id, ids)}
        missing = [product_id for product_id in ids if product_id not in found]
        if missing:
            self._refuse(tx, missing[0], store_id)
        return [_label(found[one.product_id]) for one in wanted for _ in range(one.copies)]

    def in_force(self, tx: Connection, store_id: str, product_ids: Sequence[str]) -> list[ShelfPrice]:
        """Of those that are for sale at a price in this store, in the order of the ids."""
        money = self._stores.store(tx, store_id).currency
        products = self._catalogue.by_id(tx, product_ids)
        prices = self._pricing.prices_in_force(tx, list(products), store_id)
        return [
            ShelfPrice(products[each], prices[each].unit_price_minor, money)
            for each in dict.fromkeys(product_ids)
            if each in prices
        ]

    def changed_since(self, tx: Connection, store_id: str, first_day: str) -> list[ShelfPrice]:
        """By name: what costs something else now than before `first_day` began in the store."""
        money = self._stores.store(tx, store_id).currency
        since = start_of_day_ms(first_day, self._zone_min(tx, store_id))
        changes = {one.product_id: one for one in self._pricing.changed_since(tx, store_id, since)}
        products = self._catalogue.by_id(tx, list(changes))
        found = [
            ShelfPrice(products[each], one.price.unit_price_minor, money, one.before_minor)
            for each, one in changes.items()
            if each in products
        ]
        return sorted(found, key=lambda one: (one.product.full_name(), one.product.number))

    def labels_changed_since(self, tx: Connection, store_id: str, first_day: str) -> list[Label]:
        """One each. Raises where nothing changed, or too much for one go."""
        changed = self.changed_since(tx, store_id, first_day)
        if not changed:
            raise NotFound(f"No price of this store is another than before {first_day}: nothing to print.")
        if len(changed) > MAX_LABELS:
            raise Invalid(
                f"{len(changed)} prices changed since {first_day}, and {MAX_LABELS} labels are made at once. "
                "Take a later day, or send the products."
            )
        return [_label(one) for one in changed]

    def _refuse(self, tx: Connection, product_id: str, store_id: str) -> None:
        kept = self._catalogue.product(tx, product_id)
        raise Invalid(
            f"'{kept.product.full_name()}' has no price in store {store_id}. Set one, or leave it out.",
            product_id=product_id,
        )


def start_of_day_ms(day: str, zone_min: int) -> int:
    """Unix time in milliseconds. Raises Invalid for what is no date."""
    try:
        return day_begins_ms(day, zone_min)
    except ValueError as reason:
        raise Invalid(f"{day[:20]!r} is no day. Write it like 2026-11-30.") from reason


def _label(one: ShelfPrice) -> Label:
    return label_of(one.product, one.price_minor, one.currency)
