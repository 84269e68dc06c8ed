"""Wording: every code, amount, quantity and time as the operator reads it."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QCoreApplication, QDate, QLocale, Qt

from pos_client.till.state import Words
from pos_client.till.words import CARD_STEPS, NOTICES, QUESTIONS, SMALL_PRINT, WAITS
from shared_models.currency import CURRENCIES, Currency
from shared_models.moment import Moment
from shared_models.money import format_amount
from shared_models.quantity import format_quantity

CONTEXT = "till"
"""Where translators find all of the till's texts."""

SENTENCES = {**NOTICES, **QUESTIONS, **WAITS, **CARD_STEPS, **SMALL_PRINT}

_MINUS = "\N{MINUS SIGN}"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_PIECE = "piece"


def tr(text: str) -> str:
    """The text in the operator's language; English is the key."""
    return QCoreApplication.translate(CONTEXT, text)


class Wording:
    """Words in a locale and a shop's currency."""

    def __init__(self, locale: QLocale | None = None, currency_code: str = "EUR") -> None:
        self.locale = locale or QLocale()
        self.currency: Currency = CURRENCIES[currency_code]
        self.tz_min = 0
        """The shop's time zone now; the window keeps it."""

    def use_currency(self, code: str) -> None:
        self.currency = CURRENCIES[code]

    def amount(self, amount_minor: int, *, sign: bool = False) -> str:
        """'36.82': for columns, where the currency stands elsewhere."""
        return self._format(amount_minor, symbol=False, sign=sign)

    def money(self, amount_minor: int, *, sign: bool = False) -> str:
        """'€ 36.82', never broken between sign and figure."""
        return self._format(amount_minor, symbol=True, sign=sign).replace(" ", _NO_BREAK)

    def denomination(self, amount_minor: int) -> str:
        """'€ 50', '€ 0.05': a note or coin, without decimals that say nothing."""
        unit = self.currency.unit_minor()
        if amount_minor % unit:
            return self.money(amount_minor)
        return f"{self.currency.symbol}{_NO_BREAK}{amount_minor // unit}"

    def quantity(self, quantity_milli: int, unit: str = _PIECE) -> str:
        """'2', '0.350 kg'."""
        text = format_quantity(quantity_milli, decimal_sign=self.locale.decimalPoint()).replace("-", _MINUS)
        return text if unit == _PIECE else f"{text} {unit}"

    def rate(self, rate_ppm: int) -> str:
        """'19 %', '5.5 %'."""
        return f"{_trimmed(rate_ppm, 4, self.locale.decimalPoint())}{_NO_BREAK}%"

    def time_of_day(self, moment: Moment) -> str:
        return moment.local().strftime("%H:%M")

    def day(self, iso_date: str) -> str:
        """'21 November'."""
        day = date.fromisoformat(iso_date)
        return f"{day.day} {self.locale.toString(QDate(day.year, day.month, day.day), 'MMMM')}"

    def age(self, age_ms: int) -> str:
        """'40 s', '6 min', '3 h', '2 days'."""
        seconds = max(0, age_ms) // 1000
        if seconds < 60:
            return tr("{count} s").format(count=seconds)
        if seconds < 3600:
            return tr("{count} min").format(count=seconds // 60)
        if seconds < 2 * 86_400:
            return tr("{count} h").format(count=seconds // 3600)
        return tr("{count} days").format(count=seconds // 86_400)

    def lines(self, count: int) -> str:
        return tr("1 line") if count == 1 else tr("{count} lines").format(count=count)

    def words(self, words: Words) -> str:
        """The sentence of a code. A code that nobody put into words is a bug: a test walks them all."""
        filled: dict[str, str] = {}
        for name, value in words.values.items():
            bare, text = self._value(name, value, words)
            filled[name] = filled[bare] = text
        return tr(SENTENCES[words.code]).format(**filled)

    def right_to_left(self) -> bool:
        return self.locale.textDirection() == Qt.LayoutDirection.RightToLeft

    def _value(self, name: str, value: str | int, words: Words) -> tuple[str, str]:
        """The name without its unit, and the value as the shop writes it: in a column the currency is known."""
        if isinstance(value, str):
            return name, value
        bare, _, unit = name.rpartition("_")
        if unit == "minor":
            return bare, self.amount(value) if words.code in SMALL_PRINT else self.money(value)
        if unit == "milli":
            return bare, self.quantity(value, str(words.values.get("unit", _PIECE)))
        if unit == "ppm":
            return bare, self.rate(value)
        if name.endswith("_at_ms"):
            return name.removesuffix("_ms"), self.time_of_day(Moment(value, self.tz_min))
        return name, str(value)

    def _format(self, amount_minor: int, *, symbol: bool, sign: bool) -> str:
        text = format_amount(
            amount_minor,
            self.currency,
            symbol=symbol,
            sign=sign,
            grouping=self.locale.groupSeparator(),
            decimal_sign=self.locale.decimalPoint(),
        )
        return text.replace("-", _MINUS)


def _trimmed(number: int, decimals: int, decimal_sign: str) -> str:
    whole, rest = divmod(abs(number), 10**decimals)
    tail = f"{rest:0{decimals}d}".rstrip("0")
    return f"{_MINUS if number < 0 else ''}{whole}{decimal_sign + tail if tail else ''}"
