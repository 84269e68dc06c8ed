"""Choosing a variant: which sizes and colours a family comes in, and which of them there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from pos_client.till.state import VariantCell, VariantChoice, VariantColour
from pos_client.till.wanted import Wanted
from shared_models.catalogue import Offer, Product, split_colour

_LETTER_SIZE = re.compile(r"(?:(\d+)X|(X*))([SML])")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


class Choosing(msgspec.Struct, frozen=True):
    """A parent that was scanned or touched, waiting for one of its variants."""

    wanted: Wanted
    variants: tuple[Offer, ...]

    def offer_of(self, product_id: str) -> Offer | None:
        return next((one for one in self.variants if one.product.product_id == product_id), None)


def variant_choice(choosing: Choosing) -> VariantChoice:
    """Sizes from small to large, colours in the order of the variants' numbers.

    Where two variants share size and colour the first has the cell; the other is sold by its barcode.
    """
    products = [offer.product for offer in choosing.variants]
    sizes = sorted(_once(one.size or "" for one in products), key=_size_order)
    colours = _once(_colour_name(one) for one in products)
    taken: dict[tuple[int, int], VariantCell] = {}
    for offer in choosing.variants:
        place = (sizes.index(offer.product.size or ""), colours.index(_colour_name(offer.product)))
        taken.setdefault(place, VariantCell(*place, offer))
    return VariantChoice(
        choosing.wanted.offer.product.name,
        tuple(sizes),
        tuple(VariantColour(name, _hex_of(name, products)) for name in colours),
        tuple(taken.values()),
    )


def _colour_name(product: Product) -> str:
    name, as_hex = split_colour(product.colour or "")
    return name or as_hex


def _hex_of(name: str, products: list[Product]) -> str:
    """The first that any of this colour states."""
    found = (split_colour(one.colour or "")[1] for one in products if _colour_name(one) == name)
    return next(filter(None, found), "")


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _size_order(size: str) -> tuple[int, Decimal]:
    """2XS, XS, S, M, L, XL, 2XL; then figures by their worth; then words as they came."""
    letters = _LETTER_SIZE.fullmatch(size.strip().upper())
    if letters:
        times = int(letters[1]) if letters[1] else len(letters[2])
        return 0, Decimal({"S": -1 - times, "M": 0, "L": 1 + times}[letters[3]])
    number = _NUMBER.match(size.strip())
    return (1, Decimal(number[0].replace(",", "."))) if number else (2, Decimal())
