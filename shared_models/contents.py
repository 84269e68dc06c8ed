"""How much is in a piece, '500 g' or '6 × 330 ml', and what its price is per kilogram, litre, metre or piece."""

from __future__ import annotations

import re

import msgspec

from shared_models.errors import ShopError
from shared_models.quantity import InvalidQuantity, format_quantity, parse_quantity
from shared_models.rounding import divide_rounded

MOST_MILLI = 100_000_000
_WHOLE = {
    "g": ("kg", 1000),
    "kg": ("kg", 1),
    "ml": ("l", 1000),
    "cl": ("l", 100),
    "l": ("l", 1),
    "cm": ("m", 100),
    "m": ("m", 1),
    "piece": ("piece", 1),
}
"""The unit that prices are said for, and how many of the content's make one of it."""
_TEXT = re.compile(r"(?:(\d{1,3})\s*[x×*]\s*)?(\d[\d.,]*)\s*([A-Za-z]+)", re.ASCII)


class InvalidContent(ShopError):
    code = "invalid_content"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:40]!r} is no content of a piece. Write it like 500 g, 0.75 l, 6 x 330 ml or 10 pieces; "
            f"units are {', '.join(_WHOLE)}.",
            text=text[:40],
        )


class Content(msgspec.Struct, frozen=True):
    """Of one piece: thousandths of `unit`, which is one of g, kg, ml, cl, l, cm, m and piece."""

    quantity_milli: int
    unit: str

    def text(self) -> str:
        """'500 g', '0.75 l'"""
        number = format_quantity(self.quantity_milli)
        return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {self.unit}"


def parse_content(text: str) -> Content:
    """Raises InvalidContent, which says how to write one."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise InvalidContent(text)
    unit = found[3].lower()
    try:
        quantity_milli = parse_quantity(found[2]) * int(found[1] or 1)
    except InvalidQuantity as reason:
        raise InvalidContent(text) from reason
    return checked_content(Content(quantity_milli, "piece" if unit in ("pieces", "pcs") else unit))


def checked_content(content: Content) -> Content:
    """The same; raises InvalidContent."""
    if content.unit not in _WHOLE or not 0 < content.quantity_milli <= MOST_MILLI:
        raise InvalidContent(content.text() if abs(content.quantity_milli) <= MOST_MILLI else content.unit)
    return content


def price_per_unit(price_minor: int, content: Content) -> tuple[int, str] | None:
    """Minor units for one whole kg, l, m or piece, rounded half up; None for a unit of a later version."""
    known = _WHOLE.get(content.unit)
    if known is None or content.quantity_milli <= 0:
        return None
    unit, parts = known
    return divide_rounded(price_minor * 1000 * parts, content.quantity_milli), unit
