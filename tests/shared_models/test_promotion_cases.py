"""Promotions against what other systems state, where their rule can be said in ours without bending either.

Not here: discounts on a whole document that take their rate off the taxed total and book it as lines of their
own (Odoo's 152 cases); ours come off the lines, so that every tax stays what it is of its line.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shared_models.pricing import ManualDiscount
from shared_models.promotion_pricing import PromotionLine
from shared_models.promotions import BuyGet, PercentOff, Promotion, Rule, SpendAndSave, Target
from tests.shared_models.promoted_baskets import off

Case = dict[str, Any]

DATA = Path(__file__).parent / "data"


def cases_of(name: str) -> list[Case]:
    found: list[Case] = json.loads((DATA / name).read_text("utf-8"))["cases"]
    return found


CASES = [case for case in cases_of("totals_plain_cases.json") if "rules" in case]

DISTINCT = "wants the pieces of a group from different dates of an event; ours ask for a number of pieces"


def reason_not_checked(case: Case) -> str | None:
    return DISTINCT if case["rules"][0].get("subevent_mode") == "distinct" else None


CHECKED = [case for case in CASES if reason_not_checked(case) is None]


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: str(case["id"]))
def test_the_stated_prices_are_ours(case: Case) -> None:
    lines = [line_of(line, at) for at, line in enumerate(case["lines"])]
    given = off(lines, *promotions_of(case))
    paid = [line.amount_minor - one for line, one in zip(lines, given, strict=True)]
    expected = case["expected"]
    figures = 0
    if "line_prices" in expected:
        assert paid == [minor(price) for price in expected["line_prices"]]
        figures += 1
    if "before" in expected:
        assert sum(line.amount_minor for line in lines) == minor(expected["before"])
    for total in ("subtotal", "total"):
        if total in expected:
            assert sum(paid) == minor(expected[total])
            figures += 1
    if "unit_price" in expected:
        assert sum(paid) * 1000 == minor(expected["unit_price"]) * lines[0].quantity_milli
        figures += 1
    assert figures


def test_every_case_is_checked_or_listed_with_a_reason() -> None:
    reasons = Counter(reason for case in CASES if (reason := reason_not_checked(case)))
    assert (len(CASES), len(CHECKED)) == (25, 15)
    assert reasons == {DISTINCT: 10}


@pytest.mark.parametrize("case", cases_of("discount_cases.json"), ids=lambda case: str(case["id"]))
def test_an_amount_off_a_line_by_hand_is_what_others_make_of_it(case: Case) -> None:
    (line,) = case["lines"]
    whole = int(line["qty"]) * int(line["unit_price"])
    off_the_line = ManualDiscount(amount_minor=int(line["discount_amount"])).off(whole)
    assert whole - off_the_line == int(case["expected"]["total"])


def line_of(line: Case, at: int) -> PromotionLine:
    """`group` is the date of an event; as a category it is what a shop would use."""
    quantity, price = int(line["qty"]), minor(line["unit_price"])
    return PromotionLine(f"line {at}", line.get("group"), quantity * 1000, price, quantity * price)


def promotions_of(case: Case) -> list[Promotion]:
    groups = sorted({line["group"] for line in case["lines"] if "group" in line})
    made = []
    for number, rule in enumerate(case["rules"]):
        targets = [Target(products=tuple(f"line {at}" for at in rule.get("applies_to_lines", ())))]
        if rule.get("subevent_mode") == "same":
            # Each date for itself: one promotion for each.
            targets = [Target(categories=(group,)) for group in groups]
        for place, target in enumerate(targets):
            ours = rule_of(rule)
            if isinstance(ours, SpendAndSave) and ours.reward is not None:
                ours, target = SpendAndSave(ours.spend_minor, ours.percent_ppm, 0, target), Target()
            made.append(
                Promotion(
                    promotion_id=f"{number}-{place}",
                    name=case["title"],
                    rule=ours,
                    applies_to=target,
                    exclusive=not isinstance(ours, SpendAndSave),
                    # A price list's first line that fits wins.
                    priority=-number,
                )
            )
    return made


def rule_of(rule: Case) -> Rule:
    if rule.get("kind") == "multiply":
        return PercentOff(int((1 - Fraction(rule["value"])) * 1_000_000), int(rule.get("min_qty", 1)))
    if rule.get("kind") == "percent":
        return PercentOff(ppm(rule["value"]), int(rule["min_qty"]))
    if rule.get("kind") == "set_price":
        assert rule["value"] == "0"
        return SpendAndSave(minor(rule["min_subtotal"]), 1_000_000, 0, Target())
    rate = ppm(rule["benefit_discount_matching_percent"])
    if "condition_min_value" in rule:
        return SpendAndSave(minor(rule["condition_min_value"]), rate)
    needed = int(rule["condition_min_count"])
    cheapest = int(rule.get("benefit_only_apply_to_cheapest_n_matches", 0))
    if cheapest and cheapest < needed:
        return BuyGet(needed - cheapest, cheapest, rate)
    return PercentOff(rate, needed)


def minor(amount: str) -> int:
    cents = Fraction(amount) * 100
    assert cents.denominator == 1
    return int(cents)


def ppm(percent: str) -> int:
    return int(Fraction(percent) * 10_000)
