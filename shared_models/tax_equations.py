"""How each tax of a line follows from its price, exactly: one linear equation per tax, as whole numbers.

Every tax is a share of the line's net plus something per unit, so the whole line can be solved from its
price, its net or its gross alike, whichever a rounding policy keeps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from shared_models.errors import ShopError
from shared_models.rounding import Rounding, divide_rounded
from shared_models.tax_values import Tax

PPM = 1_000_000

Exact = int | Fraction


class ImpossibleTaxes(ShopError):
    """Taxes that leave nothing of the price, so that no net can be found: a division tax of 100 %, say."""

    code = "impossible_taxes"


class Linear(NamedTuple):
    """(amount * `per_amount` + quantity * `per_unit`) / the denominator of the equations it belongs to."""

    per_amount: int
    per_unit: int

    def numerator(self, amount: Exact, quantity: Exact) -> Exact:
        return amount * self.per_amount + quantity * self.per_unit


class Equations(NamedTuple):
    """The net, each tax and each tax's base, over one common denominator."""

    denominator: int
    net: Linear
    taxes: tuple[Linear, ...]
    bases: tuple[Linear, ...]


class Step(NamedTuple):
    """A tax as `factor` of its base plus `fixed` per unit."""

    factor: Fraction
    fixed: int


def round_exact(value: Exact, denominator: int, mode: Rounding) -> int:
    return divide_rounded(value.numerator, value.denominator * denominator, mode)


@lru_cache(maxsize=1024)
def from_price(taxes: tuple[Tax, ...]) -> Equations:
    """Everything in terms of the price as labelled, which contains the included taxes."""
    return _solved_for(taxes, [tax.included for tax in taxes])


@lru_cache(maxsize=1024)
def from_net(taxes: tuple[Tax, ...]) -> Equations:
    """Everything in terms of what is left when no tax is in it."""
    return _solved_for(taxes, [False] * len(taxes))


@lru_cache(maxsize=1024)
def from_gross(taxes: tuple[Tax, ...]) -> Equations:
    """Everything in terms of what the customer pays."""
    return _solved_for(taxes, [True] * len(taxes))


@lru_cache(maxsize=1024)
def steps(taxes: tuple[Tax, ...]) -> tuple[Step, ...]:
    """Each tax by itself. Division taxes that follow each other share one price that contains them all."""
    found: list[Step] = []
    for at, tax in enumerate(taxes):
        if tax.kind == "fixed":
            found.append(Step(Fraction(0), tax.fixed_minor))
        elif tax.kind == "percent":
            found.append(Step(Fraction(tax.rate_ppm, PPM), 0))
        else:
            left_ppm = PPM - sum(other.rate_ppm for other in _division_run(taxes, at))
            if left_ppm <= 0:
                raise _impossible(taxes)
            found.append(Step(Fraction(tax.rate_ppm, left_ppm), 0))
    return tuple(found)


def _division_run(taxes: Sequence[Tax], at: int) -> list[Tax]:
    """The unbroken run of division taxes around one of them; one that adds to the next base ends its run."""
    first = at
    while first > 0 and taxes[first - 1].kind == "division" and not taxes[first - 1].adds_to_next_base:
        first -= 1
    run: list[Tax] = []
    for tax in taxes[first:]:
        if tax.kind != "division":
            break
        run.append(tax)
        if tax.adds_to_next_base:
            break
    return run


def _solved_for(taxes: tuple[Tax, ...], contained: Sequence[bool]) -> Equations:
    """Equations in terms of an amount that contains the taxes marked so."""
    by_net, bases_by_net = _in_terms_of_net(taxes)
    inside = [terms for terms, is_inside in zip(by_net, contained, strict=True) if is_inside]
    net_share = 1 + sum((share for share, _ in inside), Fraction(0))
    if net_share <= 0:
        raise _impossible(taxes)
    # amount = net * net_share + quantity * inside_per_unit, turned round:
    net = (1 / net_share, -sum((per_unit for _, per_unit in inside), Fraction(0)) / net_share)
    solved = [
        (share * net[0], share * net[1] + per_unit)
        for share, per_unit in [(Fraction(1), Fraction(0)), *by_net, *bases_by_net]
    ]
    denominator = 1
    for terms in solved:
        for term in terms:
            denominator *= term.denominator // math.gcd(denominator, term.denominator)
    linears = [Linear(int(share * denominator), int(per_unit * denominator)) for share, per_unit in solved]
    count = len(taxes)
    return Equations(denominator, linears[0], tuple(linears[1 : count + 1]), tuple(linears[count + 1 :]))


def _in_terms_of_net(
    taxes: tuple[Tax, ...],
) -> tuple[list[tuple[Fraction, Fraction]], list[tuple[Fraction, Fraction]]]:
    """Each tax and each base as (share of the net, amount per unit)."""
    amounts: list[tuple[Fraction, Fraction]] = []
    bases: list[tuple[Fraction, Fraction]] = []
    running = (Fraction(1), Fraction(0))
    for tax, step in zip(taxes, steps(taxes), strict=True):
        base = running if tax.base_includes_previous else (Fraction(1), Fraction(0))
        amount = (step.factor * base[0], step.factor * base[1] + step.fixed)
        bases.append(base)
        amounts.append(amount)
        if tax.adds_to_next_base:
            running = (running[0] + amount[0], running[1] + amount[1])
    return amounts, bases


def _impossible(taxes: Sequence[Tax]) -> ImpossibleTaxes:
    names = ", ".join(tax.name for tax in taxes)
    return ImpossibleTaxes(f"The taxes {names} leave nothing of the price. Correct their rates.", taxes=names)
