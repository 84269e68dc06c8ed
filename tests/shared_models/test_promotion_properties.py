"""What must hold for any promotions on any ticket, and the groups checked piece by piece in the simplest way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from shared_models.promotion_pricing import PromotionLine, apply_promotions
from shared_models.promotions import (
    AmountOff,
    BuyGet,
    MixAndMatch,
    PercentOff,
    Promotion,
    Rule,
    SpecialPrice,
    SpendAndSave,
    Target,
)
from shared_models.quantity import extend
from tests.shared_models.promoted_baskets import DRINKS, JUICE, SATURDAY, off, pieces, promotion

PRODUCTS = tuple("abcdefgh")
CATEGORIES = (None, "drinks", "juice", "other")


@st.composite
def one_line(draw: st.DrawFn, product_id: str) -> PromotionLine:
    price = draw(st.integers(0, 2000))
    category = draw(st.sampled_from(CATEGORIES))
    if draw(st.booleans()):
        count = draw(st.integers(-2, 7))
        return PromotionLine(
            product_id, category, count * 1000, price, price * count, untouched=draw(st.integers(0, 9)) == 0
        )
    milli = draw(st.integers(1, 5000))
    return PromotionLine(product_id, category, milli, price, extend(price, milli), measured=True)


tickets = st.lists(st.sampled_from(PRODUCTS), unique=True).flatmap(
    lambda products: st.tuples(*(one_line(product) for product in products))
)
rates = st.integers(1, 1_000_000)
targets = st.builds(
    Target,
    st.lists(st.sampled_from(PRODUCTS), max_size=3).map(tuple),
    st.lists(st.sampled_from(CATEGORIES[1:]), max_size=1).map(tuple),
)
counts = st.integers(1, 4)
rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(PercentOff, rates, counts),
    st.builds(AmountOff, st.integers(1, 900), counts),
    st.builds(SpecialPrice, st.integers(0, 1500), counts),
    st.builds(BuyGet, counts, counts, rates, st.none() | targets),
    st.builds(MixAndMatch, counts, st.integers(0, 4000)),
    st.builds(SpendAndSave, st.integers(0, 9000), rates, st.just(0), st.none() | targets),
    st.builds(SpendAndSave, st.integers(0, 9000), st.just(0), st.integers(1, 3000), st.none() | targets),
)


@st.composite
def several(draw: st.DrawFn) -> list[Promotion]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        rule = draw(rules)
        combines = isinstance(rule, PercentOff | AmountOff | SpendAndSave) and draw(st.booleans())
        made.append(
            Promotion(
                promotion_id=f"p{number}",
                name=f"Promotion {number}",
                rule=rule,
                applies_to=draw(targets),
                priority=draw(st.integers(0, 1)),
                exclusive=not combines,
            )
        )
    return made


@given(tickets, several())
def test_no_line_ever_gives_more_than_it_is_worth(
    lines: Sequence[PromotionLine], promotions: list[Promotion]
) -> None:
    given_off = apply_promotions(lines, promotions, SATURDAY, (), (DRINKS, JUICE))
    assert len(given_off) == len(lines)
    for line, discounts in zip(lines, given_off, strict=True):
        assert all(one.amount_minor > 0 for one in discounts)
        assert sum(one.amount_minor for one in discounts) <= max(0, line.amount_minor)
        assert not (discounts and line.untouched)


@given(tickets, several(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_of_promotions_does_not_matter(
    lines: Sequence[PromotionLine], promotions: list[Promotion], chance: object
) -> None:
    order = list(range(len(lines)))
    shuffled = list(promotions)
    chance.shuffle(order)  # type: ignore[attr-defined]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    straight = apply_promotions(lines, promotions, SATURDAY, (), (DRINKS, JUICE))
    mixed = apply_promotions([lines[at] for at in order], shuffled, SATURDAY, (), (DRINKS, JUICE))
    assert [straight[at] for at in order] == list(mixed)


@given(tickets, several())
def test_an_exclusive_threshold_gives_its_amount_to_the_cent(
    lines: Sequence[PromotionLine], promotions: list[Promotion]
) -> None:
    given_off = apply_promotions(lines, promotions, SATURDAY, (), (DRINKS, JUICE))
    for one in promotions:
        if isinstance(one.rule, SpendAndSave) and one.rule.amount_minor:
            shares = [d.amount_minor for taken in given_off for d in taken if d.reference == one.promotion_id]
            assert not shares or sum(shares) <= one.rule.amount_minor
            if sum(shares) and sum(shares) < one.rule.amount_minor:  # all that was left
                reduced = [
                    line.amount_minor - sum(d.amount_minor for d in taken)
                    for line, taken in zip(lines, given_off, strict=True)
                    if any(d.reference == one.promotion_id for d in taken)
                ]
                assert set(reduced) == {0}


whole = st.lists(st.tuples(st.integers(1, 900), st.integers(1, 6)), min_size=1, max_size=6)


def basket(prices: list[tuple[int, int]]) -> list[PromotionLine]:
    return [pieces(f"product {at}", price, count) for at, (price, count) in enumerate(prices)]


@given(whole, counts, counts)
def test_buy_and_get_is_what_counting_pieces_on_the_counter_gives(
    prices: list[tuple[int, int]], buy: int, get: int
) -> None:
    one_by_one = sorted(price for price, count in prices for _ in range(count))
    free = len(one_by_one) // (buy + get) * get
    assert sum(off(basket(prices), promotion(BuyGet(buy, get)))) == sum(one_by_one[:free])


@given(whole, counts, st.integers(0, 2500))
def test_mix_and_match_is_what_counting_pieces_on_the_counter_gives(
    prices: list[tuple[int, int]], size: int, price: int
) -> None:
    one_by_one = iter(sorted((price for price, count in prices for _ in range(count)), reverse=True))
    saved = 0
    while len(group := list(islice(one_by_one, size))) == size:
        saved += max(0, sum(group) - price)
    assert sum(off(basket(prices), promotion(MixAndMatch(size, price)))) == saved


@given(whole, several())
def test_one_line_of_three_is_worth_what_three_lines_of_one_are(
    prices: list[tuple[int, int]], promotions: list[Promotion]
) -> None:
    """For groups, whose pieces are counted: the way they were scanned makes no difference."""
    groups = [one for one in promotions if isinstance(one.rule, MixAndMatch)]
    together = basket(prices)
    apart = [
        pieces(line.product_id, line.unit_price_minor)
        for line in together
        for _ in range(line.quantity_milli // 1000)
    ]
    assert sum(off(together, *groups)) == sum(off(apart, *groups))
