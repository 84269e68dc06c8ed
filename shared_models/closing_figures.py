"""What a closing adds up: the money of some sales and refunds, per currency, tax and tender."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec


class TaxFigure(msgspec.Struct, frozen=True):
    """One tax at one rate; `back_…` is of refunds."""

    tax_id: str
    rate_ppm: int
    base_minor: int = 0
    amount_minor: int = 0
    back_base_minor: int = 0
    back_amount_minor: int = 0


class TenderFigure(msgspec.Struct, frozen=True):
    """`kept_minor` is received less change; `given_back_minor` is what refunds gave."""

    kind: str
    kept_minor: int = 0
    given_back_minor: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one currency. Training is in none of them but `training_count`.

    Sales: net + tax = gross; refunds lessen none of them and stand beside. `turnover_minor` adds up the sales that are
    above nothing only, so that however much is added, it never falls.
    """

    currency: str
    sale_count: int = 0
    turnover_minor: int = 0
    gross_minor: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    cash_rounding_minor: int = 0
    refund_count: int = 0
    refund_minor: int = 0
    refund_net_minor: int = 0
    refund_tax_minor: int = 0
    training_count: int = 0
    taxes: tuple[TaxFigure, ...] = ()
    tenders: tuple[TenderFigure, ...] = ()


def combined(parts: Iterable[Figures]) -> tuple[Figures, ...]:
    """The sum, a row per currency, all in the order of their names."""
    by_currency: dict[str, list[Figures]] = {}
    for part in parts:
        by_currency.setdefault(part.currency, []).append(part)
    return tuple(_sum(by_currency[code]) for code in sorted(by_currency))


def difference(after: Sequence[Figures], before: Sequence[Figures]) -> tuple[Figures, ...]:
    """What has to be added to `before` to get `after`."""
    return combined([*after, *map(_negated, before)])


def _sum(parts: Sequence[Figures]) -> Figures:
    whole = _added(parts)
    taxes = _grouped([tax for part in parts for tax in part.taxes], ("tax_id", "rate_ppm"))
    tenders = _grouped([tender for part in parts for tender in part.tenders], ("kind",))
    return msgspec.structs.replace(whole, taxes=taxes, tenders=tenders)


S = TypeVar("S", bound=msgspec.Struct)


def _grouped(rows: Sequence[S], by: tuple[str, ...]) -> tuple[S, ...]:
    groups: dict[tuple[Any, ...], list[S]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in by), []).append(row)
    return tuple(_added(groups[key]) for key in sorted(groups))


def _added(rows: Sequence[S]) -> S:
    names = [name for name in rows[0].__struct_fields__ if _is_amount(name)]
    sums = {name: sum(getattr(row, name) for row in rows) for name in names}
    return msgspec.structs.replace(rows[0], **sums)


def _negated(figures: Figures) -> Figures:
    return msgspec.structs.replace(
        _turned(figures),
        taxes=tuple(map(_turned, figures.taxes)),
        tenders=tuple(map(_turned, figures.tenders)),
    )


def _turned(row: S) -> S:
    names = [name for name in row.__struct_fields__ if _is_amount(name)]
    return msgspec.structs.replace(row, **{name: -getattr(row, name) for name in names})


def _is_amount(name: str) -> bool:
    return name.endswith(("_minor", "_count"))
