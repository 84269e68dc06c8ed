"""What stands on a label: name, price, price per kilogram or litre, and the number under the bars."""

from __future__ import annotations

import unicodedata

import msgspec

from shared_models.currency import currency
from shared_models.money import format_amount

_PIECE = "piece"


class UnitPrice(msgspec.Struct, frozen=True):
    """Of one whole `unit`: 'kg', 'l', 'm'."""

    amount_minor: int
    unit: str


class Label(msgspec.Struct, frozen=True):
    """`code` is a canonical GTIN or any other code of the product, empty for none.

    `unit` is what the price is for; `unit_price` is said beside it where the content of a piece is known.
    """

    name: str
    price_minor: int
    currency: str
    unit: str = _PIECE
    code: str = ""
    sku: str = ""
    unit_price: UnitPrice | None = None

    def price_text(self) -> str:
        """'€ 2.49', '€ 2.49 / kg' for goods sold by measure."""
        text = self._money(self.price_minor)
        return text if self.unit == _PIECE else f"{text} / {self.unit}"

    def unit_price_text(self) -> str:
        """'1 kg = € 4.98'; empty where it is not known."""
        if self.unit_price is None:
            return ""
        return f"1 {self.unit_price.unit} = {self._money(self.unit_price.amount_minor)}"

    def _money(self, amount_minor: int) -> str:
        return format_amount(amount_minor, currency(self.currency), symbol=True)


def one_line(text: str) -> str:
    """Without characters that print nothing or turn the direction; every kind of space is one space."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(" " if each.isspace() else each for each in composed if _shows(each))
    return " ".join(kept.split())


def _shows(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
