"""Cash rounding, change and splitting against what other systems state for them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shared_models.money import Rounding, allocate, round_to_step

Case = dict[str, Any]

DATA = Path(__file__).parent / "data"


def _read(name: str) -> list[Case]:
    cases: list[Case] = json.loads((DATA / name).read_text("utf-8"))["cases"]
    return cases


CASES = _read("payment_cases.json")
# Tickets whose totals are checked elsewhere; here it is about how they are paid.
PAID = [case for case in [*_read("totals_plain_cases.json"), *CASES] if "tenders" in case]
CASH = [case for case in CASES if case["kind"] == "cash_rounding"]
ROUNDED = [case for case in CASES if case["kind"] == "rounding"]
SPLIT = [case for case in CASES if case["kind"] == "distribution"]

MODES = {
    "HALF-UP": Rounding.HALF_UP,
    "UP": Rounding.UP,
    "DOWN": Rounding.DOWN,
    "half_up": Rounding.HALF_UP,
    "half_even": Rounding.HALF_EVEN,
    # On the positive amounts stated here, the same as away from zero and towards it.
    "ceil": Rounding.UP,
    "floor": Rounding.DOWN,
}

ANOTHER_ORDER = {"solidus-023": "gives the odd cent to the last line, ours goes to the first"}


def by_id(case: Case) -> str:
    return str(case["id"])


def minor(text: str) -> int:
    """Ten-thousandths, so that figures below a cent stay whole."""
    amount = Fraction(text) * 10_000
    assert amount.denominator == 1
    return int(amount)


@pytest.mark.parametrize("case", CASH, ids=by_id)
def test_cash_is_rounded_as_the_country_does(case: Case) -> None:
    rounding = case["cash_rounding"]
    due = round_to_step(minor(case["order_total"]), minor(rounding["unit"]), MODES[rounding["method"]])
    assert due == minor(case["expected"]["cash_due"])


def test_a_total_is_paid_in_coins_that_exist() -> None:
    tryton = next(case for case in _read("totals_plain_cases.json") if case["id"] == "tryton-013")
    assert round_to_step(minor("42.02"), minor("0.05")) == minor(tryton["expected"]["total"])


@pytest.mark.parametrize("case", ROUNDED, ids=by_id)
def test_a_figure_is_rounded_as_stated(case: Case) -> None:
    rounding = case["rounding"]
    result = round_to_step(minor(case["value"]), minor(rounding["unit"]), MODES[rounding["mode"]])
    assert result == minor(case["expected"]["result"])


@pytest.mark.parametrize("case", PAID, ids=by_id)
def test_a_ticket_is_paid_with_the_change_and_rounding_stated(case: Case) -> None:
    paid = settled(case)
    expected = case["expected"]
    assert {key: paid[key] for key in paid if key in expected} == {
        key: minor(expected[key]) for key in paid if key in expected
    }
    assert set(paid) & set(expected)


def settled(case: Case) -> dict[str, int]:
    """Rounds the whole sale or only what is left for cash, then gives change or names what is still due."""
    total = minor(case.get("order_total") or case["due"])
    rounding = case.get("cash_rounding", {"unit": "0.0001", "method": "HALF-UP", "applies_to": "cash"})
    step, mode = minor(rounding["unit"]), MODES[rounding["method"]]
    *before, last = case["tenders"]
    handed_before = sum(minor(tender["amount"]) for tender in before)
    if rounding["applies_to"] == "all":
        due = round_to_step(total, step, mode) - handed_before
    else:
        due = total - handed_before
        if last["kind"] == "cash":
            due = round_to_step(due, step, mode)
    if last["amount"] == "auto":
        return {"tender_amount": due, "applied_rounding": due + handed_before - total, "change": 0}
    left = minor(last["amount"]) - due
    is_enough = abs(minor(last["amount"])) >= abs(due)
    return {"change": left} if is_enough else {"remaining_due": -left}


def test_rounding_the_sale_or_only_its_cash_differs_by_three_cents() -> None:
    total, card = 1572, 68
    assert round_to_step(total, 5) - card == 1502
    assert round_to_step(total - card, 5) == 1505


@pytest.mark.parametrize("case", SPLIT, ids=by_id)
def test_an_amount_is_split_as_stated(case: Case) -> None:
    unit = Fraction(case["rounding"]["unit"])
    parts = allocate(int(Fraction(case["amount"]) / unit), [int(weight) for weight in case["weights"]])
    expected = case["expected"]
    if "parts" in expected:
        stated = [int(Fraction(part) / unit) for part in expected["parts"]]
        if case["id"] in ANOTHER_ORDER:
            parts, stated = sorted(parts), sorted(stated)
        assert parts == stated
    assert sum(parts) == int(Fraction(expected.get("parts_sum", case["amount"])) / unit)


def test_no_payment_case_is_left_out() -> None:
    counts = [len(cases) for cases in (CASH, ROUNDED, SPLIT)]
    assert counts == [7, 6, 8]
    assert len(PAID) == 37
    assert sum(counts) + 2 == len(CASES)
