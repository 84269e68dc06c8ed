"""The one tax engine that till and server share: lines and a named rounding policy in, exact totals out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache, lru_cache

from shared_models.quantity import MILLI, extend
from shared_models.rounding import Rounding
from shared_models.tax_document import PreparedLine, document_lines, prepare
from shared_models.tax_equations import ImpossibleTaxes
from shared_models.tax_line import ExactLine, line_totals
from shared_models.tax_values import (
    DocumentTotals,
    LineTotals,
    RoundingPolicy,
    Tax,
    TaxableLine,
    TaxAmount,
    TaxKind,
)

__all__ = [
    "DocumentTotals",
    "ExactLine",
    "ImpossibleTaxes",
    "LineTotals",
    "Rounding",
    "RoundingPolicy",
    "Tax",
    "TaxAmount",
    "TaxKind",
    "TaxableLine",
    "compute_exact_totals",
    "compute_totals",
]

PER_DOCUMENT = frozenset(
    {
        RoundingPolicy.DOCUMENT_PER_TAX,
        RoundingPolicy.DOCUMENT_PER_RATE,
        RoundingPolicy.DOCUMENT_KEEP_NET,
        RoundingPolicy.DOCUMENT_KEEP_GROSS,
    }
)

# A till computes its whole ticket again after every scan; all lines but one are those of the scan before.
_REMEMBERED_LINES = 4096


def compute_totals(
    lines: Sequence[TaxableLine], policy: RoundingPolicy, rounding: Rounding = Rounding.HALF_UP
) -> DocumentTotals:
    """The totals of a sale.

    Price times quantity is rounded first, as the line shows it, and only then taxed. A return mirrors its
    sale: negated quantities and discounts give the negated totals, to the cent. Raises `ImpossibleTaxes`.
    """
    if policy in PER_DOCUMENT:
        return _document(document_lines(list(map(_prepared(policy, rounding), lines)), rounding))
    return _document(list(map(_line_totals(policy, rounding), lines)))


def compute_exact_totals(
    lines: Iterable[ExactLine], policy: RoundingPolicy, rounding: Rounding = Rounding.HALF_UP
) -> DocumentTotals:
    """The same for prices finer than the smallest coin and quantities finer than thousandths."""
    if policy in PER_DOCUMENT:
        return _document(document_lines([prepare(line, policy, rounding) for line in lines], rounding))
    return _document([line_totals(line, policy, rounding) for line in lines])


# Policy and rounding stand outside: hashing two enum members took longer than all else that a known line needs.
@cache
def _prepared(policy: RoundingPolicy, rounding: Rounding) -> Callable[[TaxableLine], PreparedLine]:
    return lru_cache(_REMEMBERED_LINES)(lambda line: prepare(_exact(line, rounding), policy, rounding))


@cache
def _line_totals(policy: RoundingPolicy, rounding: Rounding) -> Callable[[TaxableLine], LineTotals]:
    return lru_cache(_REMEMBERED_LINES)(lambda line: line_totals(_exact(line, rounding), policy, rounding))


def _exact(line: TaxableLine, rounding: Rounding) -> ExactLine:
    quantity = Fraction(line.quantity_milli, MILLI)
    return ExactLine(
        amount=extend(line.unit_price_minor, line.quantity_milli, rounding) - line.discount_minor,
        quantity=-quantity if line.unit_price_minor < 0 else quantity,
        taxes=line.taxes,
        unit_price=line.unit_price_minor,
        discount=line.discount_minor,
    )


def _document(lines: list[LineTotals]) -> DocumentTotals:
    """Adds up the lines, the taxes in the order in which they first appear."""
    net_minor = tax_minor = 0
    sums: dict[tuple[str, int, bool], list[int]] = {}
    names: dict[tuple[str, int, bool], str] = {}
    for line in lines:
        net_minor += line.net_minor
        tax_minor += line.tax_minor
        for tax in line.taxes:
            key = (tax.tax_id, tax.rate_ppm, tax.included)
            if key not in sums:
                sums[key] = [0, 0]
                names[key] = tax.name
            held = sums[key]
            held[0] += tax.base_minor
            held[1] += tax.amount_minor
    return DocumentTotals(
        net_minor=net_minor,
        tax_minor=tax_minor,
        gross_minor=net_minor + tax_minor,
        lines=tuple(lines),
        taxes=tuple(
            TaxAmount(key[0], names[key], key[1], key[2], base, amount)
            for key, (base, amount) in sums.items()
        ),
    )
