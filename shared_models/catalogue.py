"""What is for sale, as it comes down to a till: products, categories, prices and taxes."""

from __future__ import annotations

import re

import msgspec

from shared_models.contents import Content
from shared_models.tax import Tax

_HEX_AT_END = re.compile(r"\s*(#[0-9a-fA-F]{6})\s*\Z")


class Category(msgspec.Struct, frozen=True, omit_defaults=True):
    category_id: str
    name: str
    parent_id: str | None = None
    position: int = 0
    colour: str = "#5c6670"


class KitComponent(msgspec.Struct, frozen=True):
    """What is in one piece of a kit; goods sold by measure in thousandths of their unit."""

    product_id: str
    quantity_milli: int


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing for sale. `number` is the server's own dense integer for it and never changes.

    `unit` is 'piece' or a unit of measure ('kg', 'l', 'm'); goods sold by measure are `weighed`.
    `barcodes` hold canonical GTINs (see `barcode.normalise_gtin`) or plain codes.
    A variant names its parent in `variant_of`; `colour` is a name, and may end in its hex: 'navy #1a2b4c'.
    A product with `components` is a kit: one line at its own price, and the components leave the shelf.
    `content` is what a piece holds, for the price per kilogram or litre; None where nobody said it.
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
    """'', 'serial' or 'lot': what the cashier must capture with the line; 'gift': a gift card, its number is.

    A gift card is free of tax until it is spent, so its tax category has none.
    """
    components: tuple[KitComponent, ...] = ()
    content: Content | None = None

    def full_name(self) -> str:
        """As on ticket and receipt: 'T-shirt basic · navy · M'."""
        if self.variant_of is None:
            return self.name
        marks = (split_colour(self.colour or "")[0], self.size or "")
        return " · ".join([self.name, *(mark for mark in marks if mark)])


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


def split_colour(text: str) -> tuple[str, str]:
    """A variant's colour as its name and its hex, either of which may be empty."""
    found = _HEX_AT_END.search(text)
    return (text[: found.start()].strip(), found[1].lower()) if found else (text.strip(), "")
