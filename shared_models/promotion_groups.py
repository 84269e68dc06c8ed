"""Promotions that need several pieces: which pieces make up the groups, and what that saves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared_models.money import allocate
from shared_models.pricing import WHOLE_PPM
from shared_models.promotions import BuyGet, MixAndMatch
from shared_models.rounding import divide_rounded


class Run(msgspec.Struct, frozen=True):
    """Free pieces of one line. Nothing here counts piece by piece: a line may hold a million."""

    at: int
    unit_price_minor: int
    pieces: int


class GroupPlan(msgspec.Struct, frozen=True):
    """The pieces that the groups use up, and the amount and number of pieces made cheaper, by line."""

    used: dict[int, int]
    off: dict[int, tuple[int, int]]

    @property
    def saving(self) -> int:
        return sum(amount for amount, _ in self.off.values())


NOTHING = GroupPlan({}, {})


def plan_groups(rule: BuyGet | MixAndMatch, target: Sequence[Run], rewards: Sequence[Run]) -> GroupPlan:
    """All the groups that the runs allow. Both lists come dearest first."""
    if isinstance(rule, MixAndMatch):
        return _mix_and_match(rule, target)
    if rule.reward is None:
        groups = sum(run.pieces for run in target) // (rule.buy + rule.get)
        cheapest = _in_order_of_price(target)
        reduced = _first(cheapest, groups * rule.get)
        return _buy_get(rule, _first(cheapest, groups * (rule.buy + rule.get)), reduced)
    bought = sum(run.pieces for run in target) // rule.buy
    groups = min(bought, sum(run.pieces for run in rewards) // rule.get)
    reduced = _first(_in_order_of_price(rewards), groups * rule.get)
    return _buy_get(rule, [*_first(target, groups * rule.buy), *reduced], reduced)


def _in_order_of_price(dearest_first: Sequence[Run]) -> list[Run]:
    """Cheapest first; equal prices keep their order."""
    return sorted(dearest_first, key=lambda run: run.unit_price_minor)


def _buy_get(rule: BuyGet, used: Sequence[Run], reduced: Sequence[Run]) -> GroupPlan:
    return GroupPlan(
        {run.at: run.pieces for run in used},
        {
            run.at: (
                divide_rounded(run.unit_price_minor * run.pieces * rule.percent_ppm, WHOLE_PPM),
                run.pieces,
            )
            for run in reduced
        },
    )


def _mix_and_match(rule: MixAndMatch, target: Sequence[Run]) -> GroupPlan:
    groups, worth = _groups_worth_it(rule, target)
    used = _first(target, groups * rule.pieces)
    if not used:
        return NOTHING
    parts = allocate(worth - groups * rule.price_minor, [run.unit_price_minor * run.pieces for run in used])
    off = {run.at: (part, run.pieces) for run, part in zip(used, parts, strict=True)}
    return GroupPlan({run.at: run.pieces for run in used}, off)


def _groups_worth_it(rule: MixAndMatch, target: Sequence[Run]) -> tuple[int, int]:
    """How many groups cost more than the promotion's price, and what they cost together.

    Groups only get cheaper along the runs, so the first that is not worth it ends the search.
    """
    groups = worth = group_worth = in_group = 0
    for run in target:
        left = run.pieces
        while left:
            if in_group == 0 and left >= rule.pieces:
                if run.unit_price_minor * rule.pieces <= rule.price_minor:
                    return groups, worth
                whole, left = divmod(left, rule.pieces)
                groups += whole
                worth += whole * rule.pieces * run.unit_price_minor
                continue
            taken = min(left, rule.pieces - in_group)
            group_worth += taken * run.unit_price_minor
            in_group += taken
            left -= taken
            if in_group == rule.pieces:
                if group_worth <= rule.price_minor:
                    return groups, worth
                groups, worth = groups + 1, worth + group_worth
                group_worth = in_group = 0
    return groups, worth


def _first(runs: Sequence[Run], pieces: int) -> list[Run]:
    """The runs that hold the first so many pieces, the last one cut to fit."""
    found: list[Run] = []
    for run in runs:
        if pieces <= 0:
            break
        taken = min(run.pieces, pieces)
        found.append(run if taken == run.pieces else Run(run.at, run.unit_price_minor, taken))
        pieces -= taken
    return found
