"""What is for sale, as it comes down to a till: products, categories, prices and taxes."""

from __future__ import annotations

import msgspec

from shared_models.tax import Tax


class Category(msgspec.Struct, frozen=True, omit_defaults=True):
    category_id: str
    name: str
    parent_id: str | None = None
    position: int = 0
    colour: str = "#5c6670"


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing for sale. `number` is the server's own dense integer for it and never changes.

    `unit` is 'piece' or a unit of measure ('kg', 'l', 'm'); goods sold by measure are `weighed`.
    `barcodes` hold canonical GTINs (see `barcode.normalise_gtin`) or plain codes.
    """

    product_id: str
    number: int
    sku: str
    name: str
    tax_category_id: str
    category_id: str | None = None
    unit: str = "piece"
    weighed: bool = False
    open_price: bool = False
    minimum_age: int = 0
    deposit_product_id: str | None = None
    barcodes: tuple[str, ...] = ()
    popularity: int = 0
    variant_of: str | None = None
    size: str | None = None
    colour: str | None = None
    track: str = ""
    """'' , 'serial' or 'lot': what the cashier must capture with the line."""


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """A product's unit price in a store from a moment on; the latest that has begun is in force."""

    price_id: str
    product_id: str
    unit_price_minor: int
    valid_from_ms: int = 0


class TaxCategory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What kind of goods it is for the tax office, with the taxes of this store's place."""

    tax_category_id: str
    name: str
    taxes: tuple[Tax, ...] = ()


class Offer(msgspec.Struct, frozen=True):
    """Everything needed to put one product on a ticket. `price` is None where none is in force."""

    product: Product
    price: Price | None
    taxes: tuple[Tax, ...]
    category: Category | None = None
