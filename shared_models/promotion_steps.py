"""The four steps in which promotions are shared out over a ticket (`promotion_pricing` states the policy)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from shared_models.money import allocate
from shared_models.pricing import WHOLE_PPM
from shared_models.promotion_groups import GroupPlan, plan_groups
from shared_models.promotion_reach import Touching, in_turn
from shared_models.promotion_ticket import Spot
from shared_models.promotions import BuyGet, MixAndMatch, PercentOff, Promotion, SpendAndSave
from shared_models.rounding import divide_rounded


class _Members(msgspec.Struct, frozen=True):
    """A promotion with the lines that it is about, and those that are its reward."""

    promotion: Promotion
    target: list[Spot]
    rewards: list[Spot]


Members = dict[str, _Members]


def share_out(spots: Sequence[Spot]) -> None:
    """Every spot takes what is its; they come dearest first."""
    counts = _Counts(spots)
    groups = _members(spots, lambda touching: touching.groups, lambda touching: touching.group_rewards)
    for priority in _priorities(spots):
        _choose_singles(spots, priority, counts)
        _give_groups([one for one in groups.values() if one.promotion.priority == priority])
        _give_singles(spots)
    _stack(spots, counts)
    _spend(_members(spots, lambda touching: touching.spends, lambda touching: touching.spend_rewards))


# 1: exclusive, on pieces


def _priorities(spots: Sequence[Spot]) -> list[int]:
    touchings = {id(spot.touching): spot.touching for spot in spots}.values()
    found = {one.priority for touching in touchings for one in (*touching.singles, *touching.groups)}
    return sorted(found, reverse=True)


def _choose_singles(spots: Sequence[Spot], priority: int, counts: _Counts) -> None:
    for spot in spots:
        spot.single, spot.single_saving = None, 0
        best = (0, "")
        if spot.left:
            for promotion in spot.touching.singles:
                if promotion.priority == priority and counts.enough(promotion):
                    wish = (-spot.saving_of(promotion, spot.left), promotion.promotion_id)
                    if wish < best:
                        best, spot.single, spot.single_saving = wish, promotion, -wish[0]


def _give_singles(spots: Sequence[Spot]) -> None:
    for spot in spots:
        if spot.single is not None and spot.left:
            spot.take(spot.single, spot.single_saving, spot.left)
            spot.left = 0


def _give_groups(groups: Sequence[_Members]) -> None:
    """Whoever gains most chooses first; the others plan again with what is left, where anything is gone."""
    wishes = []
    for members in groups:
        plan = _plan(members)
        gain = _gain(members, plan)
        if gain > 0:
            wishes.append((-gain, members.promotion.promotion_id, members, plan))
    changed: set[int] = set()
    for _, _, members, plan in sorted(wishes, key=lambda wish: wish[:2]):
        if not changed.isdisjoint(spot.at for spot in (*members.target, *members.rewards)):
            plan = _plan(members)
            if _gain(members, plan) <= 0:
                continue
        _give(members, plan)
        changed.update(plan.used)


def _plan(members: _Members) -> GroupPlan:
    rule = members.promotion.rule
    assert isinstance(rule, BuyGet | MixAndMatch)
    target, rewards = (
        [spot.run() for spot in part if spot.left and not spot.measured]
        for part in (members.target, members.rewards)
    )
    return plan_groups(rule, target, rewards)


def _gain(members: _Members, plan: GroupPlan) -> int:
    """What the groups save, less what their pieces would have saved one by one."""
    gain = plan.saving
    for spot in (*members.target, *members.rewards):
        if gain <= 0:
            break
        used = plan.used.get(spot.at, 0)
        if used and spot.single is not None:
            gain += spot.saving_of(spot.single, spot.left - used) - spot.single_saving
    return gain


def _give(members: _Members, plan: GroupPlan) -> None:
    for spot in (*members.target, *members.rewards):
        used = plan.used.get(spot.at, 0)
        if used:
            spot.left -= used
            if spot.single is not None:
                spot.single_saving = spot.saving_of(spot.single, spot.left)
        if spot.at in plan.off:
            spot.take(members.promotion, *plan.off[spot.at])


# 2: not exclusive, on top


def _stack(spots: Sequence[Spot], counts: _Counts) -> None:
    members = _members(spots, lambda touching: touching.stacked)
    for one in sorted(members.values(), key=lambda one: in_turn(one.promotion)):
        rule = one.promotion.rule
        if not counts.enough(one.promotion):
            continue
        for spot in one.target:
            if isinstance(rule, PercentOff):
                saving = divide_rounded(spot.remaining * rule.percent_ppm, WHOLE_PPM)
            else:
                saving = min(spot.saving_of(one.promotion, spot.pieces), spot.remaining)
            spot.take(one.promotion, saving, spot.pieces)


# 3 and 4: thresholds


def _spend(members: Members) -> None:
    exclusive = [
        (-one.promotion.priority, -saving, one.promotion.promotion_id)
        for one in members.values()
        if one.promotion.exclusive and (saving := _spend_saving(one))
    ]
    for _, _, promotion_id in sorted(exclusive)[:1]:
        _give_spend(members[promotion_id])
    for one in sorted(members.values(), key=lambda one: in_turn(one.promotion)):
        if not one.promotion.exclusive:
            _give_spend(one)


def _give_spend(members: _Members) -> None:
    saving = _spend_saving(members)
    if saving:
        reduced = _reduced(members)
        parts = allocate(saving, [spot.remaining for spot in reduced])
        for spot, part in zip(reduced, parts, strict=True):
            spot.take(members.promotion, part, 0)


def _spend_saving(members: _Members) -> int:
    rule = members.promotion.rule
    assert isinstance(rule, SpendAndSave)
    if sum(spot.remaining for spot in members.target) < rule.spend_minor:
        return 0
    whole = sum(spot.remaining for spot in _reduced(members))
    return min(rule.amount_minor or divide_rounded(whole * rule.percent_ppm, WHOLE_PPM), whole)


def _reduced(members: _Members) -> list[Spot]:
    rule = members.promotion.rule
    assert isinstance(rule, SpendAndSave)
    return members.target if rule.reward is None else members.rewards


# who takes part

Pick = Callable[[Touching], tuple[Promotion, ...]]


def _members(spots: Sequence[Spot], target: Pick, rewards: Pick | None = None) -> Members:
    found: Members = {}
    for spot in spots:
        for promotion in target(spot.touching):
            _member(found, promotion).target.append(spot)
        for promotion in rewards(spot.touching) if rewards else ():
            _member(found, promotion).rewards.append(spot)
    return found


def _member(found: Members, promotion: Promotion) -> _Members:
    known = found.get(promotion.promotion_id)
    if known is None:
        known = found[promotion.promotion_id] = _Members(promotion, [], [])
    return known


class _Counts:
    """How many whole pieces of a promotion's target are on the ticket, whatever else they take."""

    def __init__(self, spots: Sequence[Spot]) -> None:
        self._spots = spots
        self._known: dict[str, int] = {}

    def enough(self, promotion: Promotion) -> bool:
        needed: int = getattr(promotion.rule, "from_pieces", 1)
        return needed <= 1 or self._count(promotion) >= needed

    def _count(self, promotion: Promotion) -> int:
        known = self._known.get(promotion.promotion_id)
        if known is None:
            known = self._known[promotion.promotion_id] = sum(
                spot.pieces
                for spot in self._spots
                if not spot.measured
                and promotion in (spot.touching.stacked if not promotion.exclusive else spot.touching.singles)
            )
        return known
