"""Totals of a document under the policies that round once over all of it.

What is rounded over the document is then spread over its lines, each as near to its own exact figure as it
gets, so that the lines always add up to the document.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import NamedTuple

from shared_models.rounding import Rounding
from shared_models.tax_equations import (
    Equations,
    Exact,
    Linear,
    from_gross,
    from_net,
    from_price,
    round_exact,
)
from shared_models.tax_line import ExactLine, amounts_of
from shared_models.tax_values import LineTotals, RoundingPolicy, Tax

# How far a figure is from its exact value is kept as a whole number of these, to compare lines quickly.
_DISTANCE_UNIT = 10**15


class Share(NamedTuple):
    """A line's exact part of a figure that the document rounds once; shares of one `key` belong together."""

    key: Hashable
    numerator: int
    denominator: int
    nearest: int
    distance: int


class PreparedLine(NamedTuple):
    """All that a line brings to a document, worked out once. Rounding may not move the amount `kept`."""

    line: ExactLine
    policy: RoundingPolicy
    kept: int
    shares: tuple[Share, ...]
    nearest: LineTotals


def prepare(line: ExactLine, policy: RoundingPolicy, mode: Rounding) -> PreparedLine:
    kept, amount, equations = _kept(line, policy, mode)
    shares = tuple(
        _share(key, Fraction(linear.numerator(amount, line.quantity)) / equations.denominator)
        for key, linear in _spread_figures(line.taxes, policy, equations)
    )
    nearest = _assembled(line, policy, kept, [share.nearest for share in shares])
    return PreparedLine(line, policy, kept, shares, nearest)


def document_lines(prepared: Sequence[PreparedLine], mode: Rounding) -> list[LineTotals]:
    """The lines with what rounding left over put where it is missed least."""
    by_key: dict[Hashable, list[tuple[int, int, Share]]] = {}
    for line_at, each in enumerate(prepared):
        for share_at, share in enumerate(each.shares):
            by_key.setdefault(share.key, []).append((line_at, share_at, share))
    moved: dict[int, list[int]] = {}
    for held in by_key.values():
        residue = _residue(held, mode)
        for line_at, share_at, _ in _furthest_off(held, residue):
            values = moved.setdefault(line_at, [share.nearest for share in prepared[line_at].shares])
            values[share_at] += 1 if residue > 0 else -1
    lines = [each.nearest for each in prepared]
    for line_at, values in moved.items():
        each = prepared[line_at]
        lines[line_at] = _assembled(each.line, each.policy, each.kept, values)
    return lines


def _kept(line: ExactLine, policy: RoundingPolicy, mode: Rounding) -> tuple[int, Exact, Equations]:
    """The rounded amount that stays, the exact amount to start from, and the equations that start there."""
    price = from_price(line.taxes)
    if policy is RoundingPolicy.DOCUMENT_PER_TAX:
        return round_exact(line.amount, 1, mode), line.amount, price
    net = price.net.numerator(line.amount, line.quantity)
    if policy is RoundingPolicy.DOCUMENT_KEEP_GROSS:
        taxes = sum(linear.numerator(line.amount, line.quantity) for linear in price.taxes)
        gross = round_exact(net + taxes, price.denominator, mode)
        return gross, gross, from_gross(line.taxes)
    kept = round_exact(net, price.denominator, mode)
    return kept, kept, from_net(line.taxes)


def _spread_figures(
    taxes: tuple[Tax, ...], policy: RoundingPolicy, equations: Equations
) -> list[tuple[Hashable, Linear]]:
    """What the document rounds once: each tax, the base of taxes on taxes, the net where nothing is kept."""
    figures: list[tuple[Hashable, Linear]] = [
        (_tax_key(at, tax, policy), linear)
        for at, (tax, linear) in enumerate(zip(taxes, equations.taxes, strict=True))
    ]
    figures += [(("base", taxes[at]), equations.bases[at]) for at in _compound(taxes)]
    if policy is RoundingPolicy.DOCUMENT_PER_TAX and _is_mixed(taxes):
        figures.append(("net", equations.net))
    return figures


def _tax_key(position: int, tax: Tax, policy: RoundingPolicy) -> Hashable:
    # The position keeps apart two taxes of one rate on one line, like the two halves of an Indian GST.
    if policy is RoundingPolicy.DOCUMENT_PER_RATE and tax.kind == "percent":
        return (position, tax.rate_ppm, tax.included)
    return tax


def _compound(taxes: Sequence[Tax]) -> list[int]:
    """Positions of the taxes that are charged on taxes."""
    return [
        at
        for at, tax in enumerate(taxes)
        if tax.base_includes_previous and any(earlier.adds_to_next_base for earlier in taxes[:at])
    ]


def _is_mixed(taxes: Sequence[Tax]) -> bool:
    return len({tax.included for tax in taxes}) > 1


def _share(key: Hashable, exact: Fraction) -> Share:
    nearest = round_exact(exact, 1, Rounding.HALF_UP)
    distance = round_exact((exact - nearest) * _DISTANCE_UNIT, 1, Rounding.HALF_UP)
    return Share(key, exact.numerator, exact.denominator, nearest, distance)


def _residue(held: Sequence[tuple[int, int, Share]], mode: Rounding) -> int:
    """What the document's figure has more than its lines' nearest ones together."""
    numerators: dict[int, int] = {}
    nearest = 0
    for _, _, share in held:
        numerators[share.denominator] = numerators.get(share.denominator, 0) + share.numerator
        nearest += share.nearest
    exact = sum((Fraction(top, bottom) for bottom, top in numerators.items()), Fraction(0))
    return round_exact(exact, 1, mode) - nearest


def _furthest_off(held: Sequence[tuple[int, int, Share]], residue: int) -> list[tuple[int, int, Share]]:
    """As many as there are cents to place, the most deserving first; of equals the earlier."""
    if not residue:
        return []
    sign = 1 if residue > 0 else -1
    return heapq.nlargest(abs(residue), held, key=lambda each: sign * each[2].distance)


def _assembled(line: ExactLine, policy: RoundingPolicy, kept: int, values: Sequence[int]) -> LineTotals:
    """A line's totals from its settled figures, in the order of `_spread_figures`."""
    taxes = line.taxes
    amounts = list(values[: len(taxes)])
    contained = sum(amount for tax, amount in zip(taxes, amounts, strict=True) if tax.included)
    if policy is RoundingPolicy.DOCUMENT_PER_TAX:
        net = values[-1] if _is_mixed(taxes) else kept - contained
        bases = [kept - contained if tax.included else net for tax in taxes]
    else:
        net = kept - sum(amounts) if policy is RoundingPolicy.DOCUMENT_KEEP_GROSS else kept
        bases = [net] * len(taxes)
    for value, at in zip(values[len(taxes) :], _compound(taxes), strict=False):
        bases[at] = value
    return amounts_of(line, net, amounts, bases)
