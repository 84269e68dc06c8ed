"""A product with its price, as a label."""

from __future__ import annotations

from shared_models.catalogue import Product
from shared_models.contents import price_per_unit
from shared_models.labels.label import Label, UnitPrice


def label_of(product: Product, unit_price_minor: int, currency: str) -> Label:
    """The bars carry the first barcode; without one the SKU, which a till finds the product by as well.

    A SKU that stands under the bars already is not printed a second time.
    """
    return Label(
        name=product.full_name(),
        price_minor=unit_price_minor,
        currency=currency,
        unit=product.unit,
        code=product.barcodes[0] if product.barcodes else product.sku,
        sku=product.sku if product.barcodes else "",
        unit_price=_unit_price(product, unit_price_minor),
    )


def _unit_price(product: Product, price_minor: int) -> UnitPrice | None:
    """None for goods sold by measure, whose price is one already."""
    if product.content is None or product.unit != "piece":
        return None
    found = price_per_unit(price_minor, product.content)
    return UnitPrice(*found) if found else None
