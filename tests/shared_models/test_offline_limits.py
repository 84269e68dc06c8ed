"""Without the server a till does nothing on its own word that head office has not allowed, and never more."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models.offline_limits import OfflineLimits, Spending, Spent, allowance

KINDS: tuple[Spending, ...] = get_args(Spending)
LIMITS = OfflineLimits(
    gift_receipt_minor=2000,
    gift_day_minor=5000,
    loyalty_receipt_points=10,
    loyalty_day_points=20,
    refund_receipt_minor=3000,
    refund_day_minor=9000,
)


@pytest.mark.parametrize("kind", ["gift", "loyalty"])
def test_cards_and_points_are_refused_offline_unless_head_office_says_otherwise(kind: Spending) -> None:
    verdict = allowance(OfflineLimits(), kind, Spent())
    assert (verdict.allowed, verdict.reason) == (0, "offline_not_allowed")


def test_a_small_refund_is_given_offline_once_for_a_receipt() -> None:
    assert allowance(OfflineLimits(), "refund", Spent()).allowed == 5000
    again = allowance(OfflineLimits(), "refund", Spent(on_receipt=100, today=100, times=1))
    assert (again.allowed, again.reason) == (0, "offline_refunded_before")


def test_the_limit_that_is_nearer_is_named() -> None:
    assert allowance(LIMITS, "gift", Spent()).reason == "offline_receipt_limit"
    near_the_end = allowance(LIMITS, "gift", Spent(today=4500))
    assert (near_the_end.allowed, near_the_end.reason) == (500, "offline_day_limit")


@given(st.sampled_from(KINDS), st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4000)), max_size=40))
def test_a_till_that_keeps_to_its_allowance_stays_under_both_limits(
    kind: Spending, wishes: list[tuple[int, int]]
) -> None:
    caps = {"gift": (2000, 5000), "loyalty": (10, 20), "refund": (3000, 9000)}[kind]
    by_receipt = dict.fromkeys(range(5), 0)
    times = dict.fromkeys(range(5), 0)
    for receipt, wish in wishes:
        before = Spent(by_receipt[receipt], sum(by_receipt.values()), times[receipt])
        verdict = allowance(LIMITS, kind, before)
        assert verdict.allowed >= 0
        if wish <= verdict.allowed:
            by_receipt[receipt] += wish
            times[receipt] += 1
        assert by_receipt[receipt] <= caps[0]
        assert sum(by_receipt.values()) <= caps[1]
        assert kind != "refund" or times[receipt] <= 1
