"""The end of the demo's day: the same figures from everyone who has them, side by side."""

from __future__ import annotations

import msgspec

from shared_models.currency import currency
from shared_models.money import format_amount


class Figure(msgspec.Struct, frozen=True):
    """One thing, as several parties state it; they must all say the same."""

    name: str
    stated: tuple[tuple[str, int], ...]
    money: bool = True

    def agrees(self) -> bool:
        return len({value for _, value in self.stated}) == 1


class Check(msgspec.Struct, frozen=True):
    """Something that must be so, with what was found."""

    name: str
    good: bool
    found: str


def table(figures: list[Figure], checks: list[Check], currency_code: str) -> str:
    lines = []
    money = currency(currency_code)
    for figure in figures:
        values = [format_amount(value, money) if figure.money else str(value) for _, value in figure.stated]
        parties = [f"{who} {value}" for (who, _), value in zip(figure.stated, values, strict=True)]
        lines.append(_line(figure.name, figure.agrees(), " · ".join(parties)))
    lines += [_line(check.name, check.good, check.found) for check in checks]
    return "\n".join(lines)


def all_good(figures: list[Figure], checks: list[Check]) -> bool:
    return all(figure.agrees() for figure in figures) and all(check.good for check in checks)


def _line(name: str, good: bool, found: str) -> str:
    return f"  {'ok ' if good else 'NO '}  {name:26} {found}"
