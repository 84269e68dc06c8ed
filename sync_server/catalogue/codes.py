"""Codes that a product may carry: GTINs with a right check digit, and a shop's own plain codes and SKUs."""

from __future__ import annotations

from shared_models.errors import ShopError
from shared_models.gtin import normalise_gtin

MAX_CODE = 40
MAX_SKU = 64
_SHORTEST_GTIN = 8


class BadBarcode(ShopError):
    """A code that no scanner would read so."""

    code = "bad_barcode"


def canonical_code(text: str) -> str:
    """The form in which a code is kept and looked up: a GTIN's fourteen digits, or a plain code as it is.

    Eight digits and more are a GTIN. Raises `BadBarcode` or `gtin.InvalidBarcode`.
    """
    text = text.strip(" ")
    if not text or len(text) > MAX_CODE or not text.isascii() or not text.isprintable() or " " in text:
        raise BadBarcode(f"A barcode has 1 to {MAX_CODE} letters and digits without spaces.")
    if not text.isdigit() or len(text) < _SHORTEST_GTIN:
        return text
    if 8 < len(text) < 12:
        raise BadBarcode(
            f"The barcode has {len(text)} digits; printed ones have 8, 12, 13 or 14. "
            "A spreadsheet may have dropped zeros at the start: format the column as text."
        )
    return normalise_gtin(text)


def fault_of_sku(sku: str) -> str | None:
    """What is wrong with a SKU and what to do, or None. Case counts: 'a1' and 'A1' are two products."""
    if not sku:
        return "The SKU is missing. Give every product its own code."
    if len(sku) > MAX_SKU:
        return f"The SKU has {len(sku)} characters. Shorten it to {MAX_SKU}."
    if not sku.isprintable():
        return "The SKU holds an invisible character. Remove it."
    return None
