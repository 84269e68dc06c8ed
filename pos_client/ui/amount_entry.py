"""Typing an amount on number keys: figures fill from the right, a decimal sign makes what stands there whole units."""

from __future__ import annotations

from shared_models.currency import Currency
from shared_models.errors import ShopError
from shared_models.money import MAX_AMOUNT_MINOR, parse_amount

BACKSPACE = "back"
SIGNS = (".", ",")


class AmountEntry:
    """'2000' is 20.00, and so are '20.' and '20.0'; what can't be an amount is not taken.

    With `whole` figures are whole units from the start, as rates are typed.
    """

    def __init__(
        self, currency: Currency, limit_minor: int = MAX_AMOUNT_MINOR, *, whole: bool = False
    ) -> None:
        self._whole = whole
        self._currency = currency
        self._limit_minor = min(limit_minor, MAX_AMOUNT_MINOR)
        self._typed = ""

    @property
    def is_empty(self) -> bool:
        return not self._typed

    @property
    def amount_minor(self) -> int:
        return self._amount(self._typed)

    def press(self, key: str) -> bool:
        """A figure, '00', a decimal sign or BACKSPACE. False when it changes nothing."""
        before = self._typed
        if key == BACKSPACE:
            self._typed = before[:-1]
        elif key in SIGNS:
            self._typed += "." if "." not in before and self._currency.exponent else ""
        elif key.isascii() and key.isdigit():
            self._typed = self._with(key)
        return self._typed != before

    def clear(self) -> None:
        self._typed = ""

    def _with(self, figures: str) -> str:
        wanted = self._typed + figures
        if "." not in wanted:
            wanted = wanted.lstrip("0") or "0"
        try:
            amount = self._amount(wanted)
        except ShopError:
            return self._typed
        return wanted if amount <= self._limit_minor else self._typed

    def _amount(self, typed: str) -> int:
        if self._whole or "." in typed:
            return parse_amount(f"0{typed}", self._currency)
        return int(typed or "0")
