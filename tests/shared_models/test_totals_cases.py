"""The tax engine against what other systems state: every plain document whose policy the shop offers.

Amounts are compared exactly. A case that cannot be reproduced is listed here with the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shared_models.rounding import divide_rounded
from shared_models.tax import (
    DocumentTotals,
    ExactLine,
    Rounding,
    RoundingPolicy,
    Tax,
    TaxableLine,
    compute_exact_totals,
    compute_totals,
)

Case = dict[str, Any]

CASES: list[Case] = json.loads(
    (Path(__file__).parent / "data" / "totals_plain_cases.json").read_text("utf-8")
)["cases"]

POLICIES = {policy.value: policy for policy in RoundingPolicy} | {
    # Tryton's name for rounding each tax once over the document.
    "document": RoundingPolicy.DOCUMENT_PER_TAX,
}

NOT_OFFERED = {
    "none": "amounts stay unrounded; ours are whole minor units",
    "net_unit_price_4dp": "keeps a net unit price of four decimals; ours is the price on the label",
}

OTHER_REASONS = {
    "tryton-013": "states the total after cash rounding, which is checked with the payment cases",
    "odoo-152": "hides the cash rounding in the largest tax; ours belongs to the payment",
    "odoo-163": "reverse charge, which no shop counter has",
    "odoo-164": "reverse charge, which no shop counter has",
    "odoo-165": "reverse charge, which no shop counter has",
}


def reason_not_checked(case: Case) -> str | None:
    if "rules" in case:
        return "states what a promotion or price list makes of a price, no tax"
    return OTHER_REASONS.get(case["id"]) or NOT_OFFERED.get(case["rounding"]["policy"])


CHECKED = [case for case in CASES if reason_not_checked(case) is None]


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: str(case["id"]))
def test_the_stated_result_is_ours(case: Case) -> None:
    totals = totals_of(case)
    wrong = [check for check in checks_of(case, totals) if check[1] != as_stated(check[2], case)]
    assert wrong == []


def test_every_case_is_checked_or_listed_with_a_reason() -> None:
    reasons = Counter(reason for case in CASES if (reason := reason_not_checked(case)))
    assert len(CHECKED) + sum(reasons.values()) == len(CASES) == 201
    assert reasons == {
        "states what a promotion or price list makes of a price, no tax": 25,
        NOT_OFFERED["none"]: 8,
        NOT_OFFERED["net_unit_price_4dp"]: 1,
        OTHER_REASONS["tryton-013"]: 1,
        OTHER_REASONS["odoo-152"]: 1,
        OTHER_REASONS["odoo-163"]: 3,
    }


def test_no_case_passes_without_a_figure_to_compare() -> None:
    figures = {case["id"]: sum(1 for _ in checks_of(case, totals_of(case))) for case in CHECKED}
    assert min(figures.values()) >= 1
    assert (len(figures), sum(figures.values())) == (162, 783)


def totals_of(case: Case) -> DocumentTotals:
    policy = POLICIES[case["rounding"]["policy"]]
    mode = Rounding(case["rounding"]["mode"])
    unit = unit_of(case)
    exact = [exact_line(line, unit) for line in case["lines"]]
    whole = [taxable_line(line) for line in exact]
    if all(whole):
        return compute_totals([line for line in whole if line], policy, mode)
    return compute_exact_totals(exact, policy, mode)


def unit_of(case: Case) -> Fraction:
    """The smallest amount. A millionth means that the source does not round, so ours is finer still."""
    unit = Fraction(case["rounding"]["unit"])
    return unit / 10**6 if is_unrounded(case) else unit


def is_unrounded(case: Case) -> bool:
    return bool(case["rounding"]["unit"] == "0.000001")


def as_stated(ours: Fraction, case: Case) -> Fraction:
    return (
        Fraction(divide_rounded(ours.numerator * 10**6, ours.denominator), 10**6)
        if is_unrounded(case)
        else ours
    )


def exact_line(line: Case, unit: Fraction) -> ExactLine:
    quantity = Fraction(line["qty"])
    price = Fraction(line["unit_price"]) / Fraction(line.get("base_quantity", "1")) / unit
    amount = price * quantity
    stated = Fraction(line["line_net"]) / unit if "line_net" in line else None
    if stated is not None and abs(stated - amount) > Fraction(1, 2):
        amount = stated  # a sample invoice whose line is not price times quantity; its net is what it taxes
    return ExactLine(
        amount=amount,
        quantity=-quantity if price < 0 else quantity,
        taxes=tuple(
            tax_of(tax, f"{line.get('vat_category', '')} {at}", unit) for at, tax in enumerate(line["taxes"])
        ),
        unit_price=price,
    )


def tax_of(tax: Case, place: str, unit: Fraction) -> Tax:
    rate = Fraction(tax["rate"])
    fixed = rate / unit if tax["kind"] == "fixed" else Fraction(0)
    ppm = Fraction(0) if tax["kind"] == "fixed" else rate * 10_000
    assert fixed.denominator == ppm.denominator == 1
    name = f"{place} {tax['kind']} {tax['rate']}"
    return Tax(
        tax_id=name,
        name=name,
        rate_ppm=int(ppm),
        included=tax["included_in_price"],
        kind=tax["kind"],
        fixed_minor=int(fixed),
        adds_to_next_base=tax["adds_to_next_base"],
        base_includes_previous=tax["base_includes_previous"],
    )


def taxable_line(line: ExactLine) -> TaxableLine | None:
    """The line as a till holds it, if its price is whole and nothing is rounded before tax."""
    quantity = line.quantity if line.unit_price >= 0 else -line.quantity
    milli = Fraction(quantity * 1000)
    if (
        line.unit_price.denominator != 1
        or milli.denominator != 1
        or line.amount != line.unit_price * quantity
    ):
        return None
    if line.amount.denominator != 1:
        return None
    return TaxableLine(int(milli), int(line.unit_price), line.taxes)


Check = tuple[str, Fraction, Fraction]


def checks_of(case: Case, totals: DocumentTotals) -> Iterator[Check]:
    """Every figure that the source states, beside ours, in the case's own unit of money."""
    unit = unit_of(case)
    expected = case["expected"]
    for key, ours in (
        ("subtotal", totals.net_minor),
        ("line_net_total", totals.net_minor),
        ("tax", totals.tax_minor),
    ):
        if key in expected:
            yield key, Fraction(expected[key]), ours * unit
    if "total" in expected:
        paid = Fraction(expected["total"]) - Fraction(expected.get("cash_rounding_amount", 0))
        yield "total", paid, totals.gross_minor * unit
    if "order_total" in case:
        yield "order_total", Fraction(case["order_total"]), totals.gross_minor * unit
    if "unit_gross" in expected:
        quantity = Fraction(case["lines"][0]["qty"])
        yield "unit_gross", Fraction(expected["unit_gross"]), totals.gross_minor * unit / quantity
    yield from tax_checks(case, totals, unit)


def tax_checks(case: Case, totals: DocumentTotals, unit: Fraction) -> Iterator[Check]:
    expected = case["expected"]
    for at, stated in enumerate(expected.get("taxes", [])):
        ours = totals.lines[0].taxes[at]
        yield f"taxes[{at}].base", Fraction(stated["base"]), ours.base_minor * unit
        yield f"taxes[{at}].amount", Fraction(stated["amount"]), ours.amount_minor * unit
    yield from group_checks(expected.get("tax_groups", []), totals, unit)
    for stated in expected.get("vat_breakdown", []):
        name = stated["category"]
        ours_vat = [
            tax
            for tax in totals.taxes
            if tax.tax_id.split()[0] == name and tax.rate_ppm == Fraction(stated["rate"] or 0) * 10_000
        ]
        yield f"{name}.base", Fraction(stated["base"]), sum(tax.base_minor for tax in ours_vat) * unit
        yield f"{name}.amount", Fraction(stated["amount"]), sum(tax.amount_minor for tax in ours_vat) * unit
    for at, stated in enumerate(expected.get("tax_breakdown", [])):
        position = stated.get("tax", at + 1) - 1
        column = [line.taxes[position] for line in totals.lines]
        yield (
            f"tax_breakdown[{at}]",
            Fraction(stated["amount"]),
            sum(tax.amount_minor for tax in column) * unit,
        )
        if "base" in stated:
            yield (
                f"tax_breakdown[{at}].base",
                Fraction(stated["base"]),
                sum(tax.base_minor for tax in column) * unit,
            )


def group_checks(groups: list[Case], totals: DocumentTotals, unit: Fraction) -> Iterator[Check]:
    """A group is one tax, in whatever order, or else several that follow each other."""
    stated = [(Fraction(group["base"]), Fraction(group["amount"])) for group in groups]
    ours = [(tax.base_minor * unit, tax.amount_minor * unit) for tax in totals.taxes]
    if len(stated) == len(ours):
        stated.sort()
        ours.sort()
    for at, (base, amount) in enumerate(stated):
        size = (
            1
            if len(stated) - at == len(ours)
            else next(
                (n for n in range(1, len(ours) + 1) if sum(each[1] for each in ours[:n]) == amount), len(ours)
            )
        )
        run, ours = ours[:size], ours[size:]
        yield f"tax_groups[{at}].base", base, run[0][0]
        yield f"tax_groups[{at}].amount", amount, sum((each[1] for each in run), Fraction(0))
