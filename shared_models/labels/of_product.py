"""A product with its price, as a label."""

from __future__ import annotations

from shared_models.catalogue import Product
from shared_models.labels.label import Label


def label_of(product: Product, unit_price_minor: int, currency: str) -> Label:
    """The bars carry the first barcode; without one the SKU, which a till finds the product by as well."""
    return Label(
        name=product.full_name(),
        price_minor=unit_price_minor,
        currency=currency,
        unit=product.unit,
        code=product.barcodes[0] if product.barcodes else product.sku,
        sku=product.sku,
    )
