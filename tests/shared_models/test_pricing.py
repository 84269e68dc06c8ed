"""Discounts by hand: never more than there is, and shared to the cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared_models.pricing import ManualDiscount, shares

AMOUNTS = st.lists(st.integers(0, 10**9), max_size=30)


def test_a_rate_is_rounded_once_and_an_amount_never_takes_more_than_all() -> None:
    assert ManualDiscount(percent_ppm=333_333).off(100) == 33
    assert ManualDiscount(amount_minor=500).off(249) == 249
    assert ManualDiscount().off(249) == 0


def test_without_a_discount_or_anything_to_pay_no_line_gets_a_share() -> None:
    assert shares(None, [100, 200]) == [0, 0]
    assert shares(ManualDiscount(amount_minor=5), [0, 0]) == [0, 0]
    assert shares(ManualDiscount(amount_minor=5), []) == []


@given(AMOUNTS, st.integers(0, 10**9), st.integers(0, 1_000_000))
def test_the_shares_are_the_whole_discount_and_no_line_pays_for_another(
    amounts: list[int], amount: int, percent: int
) -> None:
    for discount in (ManualDiscount(amount_minor=amount), ManualDiscount(percent_ppm=percent)):
        parts = shares(discount, amounts)
        assert sum(parts) == discount.off(sum(amounts))
        assert all(0 <= part <= whole for part, whole in zip(parts, amounts, strict=True))
