"""Which promotions reach which product, looked up once per product instead of once per line and promotion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shared_models.promotions import (
    AmountOff,
    BuyGet,
    MixAndMatch,
    PercentOff,
    Promotion,
    SpecialPrice,
    SpendAndSave,
    Target,
)

Single = PercentOff | AmountOff | SpecialPrice


class Touching(msgspec.Struct, frozen=True):
    """The promotions that touch one product, by what they do to it.

    `singles` are the exclusive ones that reduce every piece for itself, `groups` those that need several
    pieces, `stacked` those that come on top, `spends` those that want a sum. `group_rewards` and
    `spend_rewards` are those whose reward this product can be.
    """

    singles: tuple[Promotion, ...]
    groups: tuple[Promotion, ...]
    stacked: tuple[Promotion, ...]
    spends: tuple[Promotion, ...]
    group_rewards: tuple[Promotion, ...]
    spend_rewards: tuple[Promotion, ...]


class Reach:
    """An index over promotions that are in force together."""

    def __init__(self, promotions: Sequence[Promotion], parents: Mapping[str, str | None]) -> None:
        self._parents = parents
        self._targets = _Index((promotion, promotion.applies_to) for promotion in promotions)
        self._rewards = _Index(
            (promotion, promotion.rule.reward)
            for promotion in promotions
            if isinstance(promotion.rule, BuyGet | SpendAndSave) and promotion.rule.reward is not None
        )
        self._known: dict[tuple[str, str | None], Touching] = {}

    def touching(self, product_id: str, category_id: str | None) -> Touching:
        key = (product_id, category_id)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._touching(product_id, self._path(category_id))
        return known

    def _touching(self, product_id: str, path: Sequence[str]) -> Touching:
        found = self._targets.of(product_id, path)
        rewards = self._rewards.of(product_id, path)
        pieces = [one for one in found if isinstance(one.rule, Single)]
        return Touching(
            singles=_worth_comparing(one for one in pieces if one.exclusive),
            groups=tuple(one for one in found if isinstance(one.rule, BuyGet | MixAndMatch)),
            stacked=tuple(one for one in pieces if not one.exclusive),
            spends=tuple(one for one in found if isinstance(one.rule, SpendAndSave)),
            group_rewards=tuple(one for one in rewards if isinstance(one.rule, BuyGet) and one not in found),
            spend_rewards=tuple(one for one in rewards if isinstance(one.rule, SpendAndSave)),
        )

    def _path(self, category_id: str | None) -> list[str]:
        """The category and all above it; a circle in the tree ends the walk."""
        path: list[str] = []
        while category_id and category_id not in path:
            path.append(category_id)
            category_id = self._parents.get(category_id)
        return path


class _Index:
    """Promotions by what their target names."""

    def __init__(self, targets: Iterable[tuple[Promotion, Target]]) -> None:
        self._everything: list[Promotion] = []
        self._by_product: dict[str, list[Promotion]] = defaultdict(list)
        self._by_category: dict[str, list[Promotion]] = defaultdict(list)
        for promotion, target in targets:
            if not target.products and not target.categories:
                self._everything.append(promotion)
            for product_id in target.products:
                self._by_product[product_id].append(promotion)
            for category_id in target.categories:
                self._by_category[category_id].append(promotion)

    def of(self, product_id: str, path: Sequence[str]) -> tuple[Promotion, ...]:
        """Each once, those of higher priority first, then by id."""
        lists = [self._everything, self._by_product.get(product_id, [])]
        lists += [self._by_category[one] for one in path if one in self._by_category]
        found = {one.promotion_id: one for part in lists for one in part}
        return tuple(sorted(found.values(), key=in_turn))


def in_turn(promotion: Promotion) -> tuple[int, str]:
    return -promotion.priority, promotion.promotion_id


def _worth_comparing(promotions: Iterable[Promotion]) -> tuple[Promotion, ...]:
    """Without those that another of the same shape and priority beats whatever the price is."""
    best: dict[tuple[object, ...], Promotion] = {}
    for promotion in promotions:
        rule = promotion.rule
        assert isinstance(rule, Single)
        key: tuple[object, ...] = (promotion.priority, type(rule))
        if rule.from_pieces > 1:
            key = (promotion.promotion_id,)
        if key not in best or _depth(rule) > _depth(best[key].rule):
            best[key] = promotion
    return tuple(best.values())


def _depth(rule: object) -> int:
    """How far a rule reduces, comparable with rules of its own kind."""
    if isinstance(rule, PercentOff):
        return rule.percent_ppm
    if isinstance(rule, AmountOff):
        return rule.amount_minor
    assert isinstance(rule, SpecialPrice)
    return -rule.unit_price_minor
