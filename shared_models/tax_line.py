"""Totals of one line under the policies that round line by line, exact until the last step."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from shared_models.rounding import Rounding, divide_rounded
from shared_models.tax_equations import Exact, from_price, round_exact, steps
from shared_models.tax_values import LineTotals, RoundingPolicy, Tax, TaxAmount


class ExactLine(NamedTuple):
    """A line before any rounding. `amount` is the whole line less its discount.

    `quantity` counts the units that pay a fixed tax, so it changes its sign with the price: it is negative
    where such a tax is given back.
    """

    amount: Exact
    quantity: Exact
    taxes: tuple[Tax, ...]
    unit_price: Exact
    discount: Exact = 0


def line_totals(line: ExactLine, policy: RoundingPolicy, mode: Rounding) -> LineTotals:
    if policy is RoundingPolicy.PER_LINE_PER_TAX:
        return _each_tax_rounded(line, mode)
    if policy is RoundingPolicy.PER_UNIT_THEN_MULTIPLY:
        return _unit_multiplied(line, mode)
    return _taxes_rounded_together(line, mode, residue_to_first=policy is RoundingPolicy.PER_LINE_RESIDUAL)


def spread(exact: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that add up to `total`, each the nearest or, for those furthest off, one beside it."""
    parts = [divide_rounded(value.numerator, value.denominator) for value in exact]
    residue = total - sum(parts)
    step = 1 if residue > 0 else -1
    by_distance = sorted(range(len(parts)), key=lambda at: step * (parts[at] - exact[at]))
    for at in by_distance[: abs(residue)]:
        parts[at] += step
    return parts


def amounts_of(line: ExactLine, net: int, amounts: Sequence[int], bases: Sequence[int]) -> LineTotals:
    """The totals of a line whose figures are settled."""
    tax_minor = sum(amounts)
    return LineTotals(
        net_minor=net,
        tax_minor=tax_minor,
        gross_minor=net + tax_minor,
        taxes=tuple(
            TaxAmount(tax.tax_id, tax.name, tax.rate_ppm, tax.included, base, amount)
            for tax, base, amount in zip(line.taxes, bases, amounts, strict=True)
        ),
    )


def running_bases(taxes: Sequence[Tax], net: int, amounts: Sequence[int]) -> list[int]:
    """What each tax was charged on, given the rounded amounts of those before it."""
    bases: list[int] = []
    running = net
    for tax, amount in zip(taxes, amounts, strict=True):
        bases.append(running if tax.base_includes_previous else net)
        if tax.adds_to_next_base:
            running += amount
    return bases


def _each_tax_rounded(line: ExactLine, mode: Rounding) -> LineTotals:
    """Included taxes come out of the price; added ones go on what is printed, rounded amounts and all."""
    price = round_exact(line.amount, 1, mode)
    equations = from_price(line.taxes)
    contained = [
        round_exact(linear.numerator(price, line.quantity), equations.denominator, mode)
        if tax.included
        else 0
        for tax, linear in zip(line.taxes, equations.taxes, strict=True)
    ]
    net = running = price - sum(contained)
    amounts: list[int] = []
    for tax, step, amount in zip(line.taxes, steps(line.taxes), contained, strict=True):
        if not tax.included:
            base = running if tax.base_includes_previous else net
            amount = round_exact(step.factor * base + step.fixed * line.quantity, 1, mode)
        amounts.append(amount)
        if tax.adds_to_next_base:
            running += amount
    return amounts_of(line, net, amounts, running_bases(line.taxes, net, amounts))


def _taxes_rounded_together(line: ExactLine, mode: Rounding, *, residue_to_first: bool) -> LineTotals:
    price = round_exact(line.amount, 1, mode)
    equations = from_price(line.taxes)
    exact = [
        Fraction(linear.numerator(price, line.quantity)) / equations.denominator for linear in equations.taxes
    ]
    amounts = [0] * len(exact)
    for included in (True, False):
        mine = [at for at, tax in enumerate(line.taxes) if tax.included is included]
        values = [exact[at] for at in mine]
        total = round_exact(sum(values, Fraction(0)), 1, mode)
        parts = _residue_to_first(values, total, mode) if residue_to_first else spread(values, total)
        for at, part in zip(mine, parts, strict=True):
            amounts[at] = part
    net = price - sum(amount for tax, amount in zip(line.taxes, amounts, strict=True) if tax.included)
    return amounts_of(line, net, amounts, running_bases(line.taxes, net, amounts))


def _residue_to_first(exact: Sequence[Fraction], total: int, mode: Rounding) -> list[int]:
    parts = [round_exact(value, 1, mode) for value in exact]
    for at, part in enumerate(parts):
        if part:
            parts[at] += total - sum(parts)
            return parts
    return spread(exact, total)


def _unit_multiplied(line: ExactLine, mode: Rounding) -> LineTotals:
    """One unit is rounded and multiplied; what a discount takes off is worked out by itself, like a unit."""
    unit = _one(line, line.unit_price, _sign_of(line.unit_price), mode)
    off = _one(line, line.discount, 0, mode)
    pieces = line.quantity * _sign_of(line.unit_price)
    gross = round_exact(unit.gross_minor * pieces, 1, mode) - off.gross_minor
    net = round_exact(unit.net_minor * pieces, 1, mode) - off.net_minor
    exact = [
        Fraction(each.amount_minor * pieces) - less.amount_minor
        for each, less in zip(unit.taxes, off.taxes, strict=True)
    ]
    amounts = spread(exact, gross - net)
    return amounts_of(line, net, amounts, running_bases(line.taxes, net, amounts))


def _one(line: ExactLine, price: Exact, quantity: Exact, mode: Rounding) -> LineTotals:
    one = ExactLine(price, quantity, line.taxes, price)
    return _taxes_rounded_together(one, mode, residue_to_first=False)


def _sign_of(price: Exact) -> int:
    return -1 if price < 0 else 1
