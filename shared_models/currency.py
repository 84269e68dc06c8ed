"""Currencies: how many decimals each has, its sign, and the coins and notes that are counted in a drawer."""

import msgspec

from shared_models.errors import ShopError


class Currency(msgspec.Struct, frozen=True):
    """`code` as in ISO 4217; `exponent` is the number of decimals, one unit is 10**exponent minor units."""

    code: str
    exponent: int
    symbol: str

    def unit_minor(self) -> int:
        """How many minor units make one unit: 100 cents, 1 yen, 1000 fils."""
        return int(10**self.exponent)


class UnknownCurrency(ShopError):
    """Someone configured a currency that the shop does not know."""

    code = "unknown_currency"

    def __init__(self, code: str) -> None:
        known = ", ".join(CURRENCIES)
        super().__init__(f"Currency {code!r} is not known. Use one of: {known}.", currency=code)


def currency(code: str) -> Currency:
    """The currency of an ISO 4217 code in capitals. Raises `UnknownCurrency`."""
    found = CURRENCIES.get(code)
    if found is None:
        raise UnknownCurrency(code)
    return found


CURRENCIES: dict[str, Currency] = {
    code: Currency(code, exponent, symbol)
    for code, exponent, symbol in (
        ("AED", 2, "AED"),
        ("AUD", 2, "A$"),
        ("BHD", 3, "BHD"),
        ("BRL", 2, "R$"),
        ("CAD", 2, "C$"),
        ("CHF", 2, "CHF"),
        ("CLP", 0, "CLP$"),
        ("CNY", 2, "CN¥"),
        ("CZK", 2, "Kč"),
        ("DKK", 2, "kr"),
        ("EUR", 2, "€"),
        ("GBP", 2, "£"),
        ("HUF", 2, "Ft"),
        ("INR", 2, "₹"),
        ("ISK", 0, "kr"),
        ("JPY", 0, "¥"),
        ("KRW", 0, "₩"),
        ("KWD", 3, "KWD"),
        ("MXN", 2, "MX$"),
        ("NOK", 2, "kr"),
        ("NZD", 2, "NZ$"),
        ("PLN", 2, "zł"),
        ("SEK", 2, "kr"),
        ("SGD", 2, "S$"),
        ("TND", 3, "TND"),
        ("TRY", 2, "₺"),
        ("USD", 2, "$"),
        ("ZAR", 2, "R"),
    )
}

# Coins and notes apart, because a customer offers notes: only those are proposed as quick amounts.
# Minor units, ascending.
_COINS: dict[str, tuple[int, ...]] = {
    "AED": (25, 50, 100),
    "AUD": (5, 10, 20, 50, 100, 200),
    "BHD": (5, 10, 25, 50, 100),
    "BRL": (5, 10, 25, 50, 100),
    "CAD": (5, 10, 25, 100, 200),
    "CHF": (5, 10, 20, 50, 100, 200, 500),
    "CLP": (10, 50, 100, 500),
    "CNY": (10, 50, 100),
    "CZK": (100, 200, 500, 1000, 2000, 5000),
    "DKK": (50, 100, 200, 500, 1000, 2000),
    "EUR": (1, 2, 5, 10, 20, 50, 100, 200),
    "GBP": (1, 2, 5, 10, 20, 50, 100, 200),
    "HUF": (500, 1000, 2000, 5000, 10000, 20000),
    "INR": (50, 100, 200, 500, 1000, 2000),
    "ISK": (1, 5, 10, 50, 100),
    "JPY": (1, 5, 10, 50, 100, 500),
    "KRW": (10, 50, 100, 500),
    "KWD": (5, 10, 20, 50, 100),
    "MXN": (10, 20, 50, 100, 200, 500, 1000),
    "NOK": (100, 500, 1000, 2000),
    "NZD": (10, 20, 50, 100, 200),
    "PLN": (1, 2, 5, 10, 20, 50, 100, 200, 500),
    "SEK": (100, 200, 500, 1000),
    "SGD": (5, 10, 20, 50, 100),
    "TND": (10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
    "TRY": (1, 5, 10, 25, 50, 100, 500),
    "USD": (1, 5, 10, 25, 50, 100),
    "ZAR": (10, 20, 50, 100, 200, 500),
}

NOTES: dict[str, tuple[int, ...]] = {
    "AED": (500, 1000, 2000, 5000, 10000, 20000, 50000, 100000),
    "AUD": (500, 1000, 2000, 5000, 10000),
    "BHD": (500, 1000, 5000, 10000, 20000),
    "BRL": (200, 500, 1000, 2000, 5000, 10000, 20000),
    "CAD": (500, 1000, 2000, 5000, 10000),
    "CHF": (1000, 2000, 5000, 10000, 20000, 100000),
    "CLP": (1000, 2000, 5000, 10000, 20000),
    "CNY": (100, 500, 1000, 2000, 5000, 10000),
    "CZK": (10000, 20000, 50000, 100000, 200000, 500000),
    "DKK": (5000, 10000, 20000, 50000),
    "EUR": (500, 1000, 2000, 5000, 10000, 20000, 50000),
    "GBP": (500, 1000, 2000, 5000),
    "HUF": (50000, 100000, 200000, 500000, 1000000, 2000000),
    "INR": (1000, 2000, 5000, 10000, 20000, 50000),
    "ISK": (500, 1000, 2000, 5000, 10000),
    "JPY": (1000, 2000, 5000, 10000),
    "KRW": (1000, 5000, 10000, 50000),
    "KWD": (250, 500, 1000, 5000, 10000, 20000),
    "MXN": (2000, 5000, 10000, 20000, 50000, 100000),
    "NOK": (5000, 10000, 20000, 50000, 100000),
    "NZD": (500, 1000, 2000, 5000, 10000),
    "PLN": (1000, 2000, 5000, 10000, 20000, 50000),
    "SEK": (2000, 5000, 10000, 20000, 50000, 100000),
    "SGD": (200, 500, 1000, 5000, 10000),
    "TND": (5000, 10000, 20000, 50000),
    "TRY": (500, 1000, 2000, 5000, 10000, 20000),
    "USD": (100, 200, 500, 1000, 2000, 5000, 10000),
    "ZAR": (1000, 2000, 5000, 10000, 20000),
}

# For counting a drawer: highest first; a value that is both a coin and a note appears once.
DENOMINATIONS: dict[str, tuple[int, ...]] = {
    code: tuple(sorted({*_COINS[code], *NOTES[code]}, reverse=True)) for code in CURRENCIES
}
