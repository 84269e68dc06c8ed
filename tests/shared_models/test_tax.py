"""The tax engine on carts of every kind: what always holds, and where the policies differ by a cent."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_models.money import MAX_AMOUNT_MINOR
from shared_models.quantity import extend
from shared_models.rounding import Rounding, divide_rounded
from shared_models.tax import (
    PER_DOCUMENT,
    DocumentTotals,
    ImpossibleTaxes,
    LineTotals,
    RoundingPolicy,
    Tax,
    TaxableLine,
    TaxAmount,
    compute_totals,
)
from shared_models.tax_line import spread
from tests.effort import examples

P = RoundingPolicy
CARTS = settings(max_examples=examples(25))
EACH_POLICY = pytest.mark.parametrize("policy", list(RoundingPolicy), ids=lambda policy: policy.value)


def vat(rate_ppm: int, *, included: bool = True) -> Tax:
    return Tax(f"vat-{rate_ppm}-{included}", f"VAT {rate_ppm / 10_000:g} %", rate_ppm, included)


VAT_20, VAT_5 = vat(200_000), vat(50_000)

taxes = st.builds(
    Tax,
    tax_id=st.sampled_from(["a", "b", "c"]),
    name=st.just("tax"),
    rate_ppm=st.integers(0, 400_000) | st.sampled_from([200_000, 190_000, 70_000, 0]),
    included=st.booleans(),
    kind=st.sampled_from(["percent", "percent", "fixed"]),
    fixed_minor=st.integers(0, 300),
    adds_to_next_base=st.booleans(),
    base_includes_previous=st.booleans(),
) | st.builds(
    Tax,
    tax_id=st.just("division"),
    name=st.just("tax"),
    rate_ppm=st.integers(0, 200_000),
    included=st.booleans(),
    kind=st.just("division"),
)
tax_sets = st.lists(taxes, max_size=4).map(tuple) | st.sampled_from([(VAT_20,), (VAT_5,), ()])
lines = st.builds(
    TaxableLine,
    quantity_milli=st.integers(-5, 20).map(lambda pieces: pieces * 1000) | st.integers(-9999, 99999),
    unit_price_minor=st.integers(-2000, 100_000),
    taxes=tax_sets,
    discount_minor=st.just(0) | st.integers(0, 500),
)
carts = st.lists(lines, max_size=12)


@EACH_POLICY
@CARTS
@given(cart=carts, mode=st.sampled_from(Rounding))
def test_the_lines_always_add_up_to_the_document(
    policy: RoundingPolicy, cart: list[TaxableLine], mode: Rounding
) -> None:
    totals = compute_totals(cart, policy, mode)
    assert len(totals.lines) == len(cart)
    for figure in ("net_minor", "tax_minor", "gross_minor"):
        assert sum(getattr(line, figure) for line in totals.lines) == getattr(totals, figure)
    for part in parts_of(totals):
        assert part.gross_minor == part.net_minor + part.tax_minor
        assert part.tax_minor == sum(tax.amount_minor for tax in part.taxes)
    assert by_tax(totals.lines) == {
        (tax.tax_id, tax.rate_ppm, tax.included): tax_figures(tax) for tax in totals.taxes
    }


def parts_of(totals: DocumentTotals) -> list[DocumentTotals | LineTotals]:
    return [totals, *totals.lines]


def by_tax(of_lines: tuple[LineTotals, ...]) -> dict[tuple[str, int, bool], tuple[int, int]]:
    bases: Counter[tuple[str, int, bool]] = Counter()
    amounts: Counter[tuple[str, int, bool]] = Counter()
    for line in of_lines:
        for tax in line.taxes:
            key = (tax.tax_id, tax.rate_ppm, tax.included)
            bases[key] += tax.base_minor
            amounts[key] += tax.amount_minor
    return {key: (bases[key], amounts[key]) for key in bases}


def tax_figures(tax: TaxAmount) -> tuple[int, int]:
    return (tax.base_minor, tax.amount_minor)


@EACH_POLICY
@CARTS
@given(cart=carts, mode=st.sampled_from(Rounding))
def test_a_return_mirrors_its_sale_to_the_cent(
    policy: RoundingPolicy, cart: list[TaxableLine], mode: Rounding
) -> None:
    sale = compute_totals(cart, policy, mode)
    returned = compute_totals(
        [
            msgspec.structs.replace(
                line, quantity_milli=-line.quantity_milli, discount_minor=-line.discount_minor
            )
            for line in cart
        ],
        policy,
        mode,
    )
    assert figures(returned) == [-figure for figure in figures(sale)]


def figures(totals: DocumentTotals) -> list[int]:
    found = [totals.net_minor, totals.tax_minor, totals.gross_minor]
    for part in parts_of(totals):
        found += [part.net_minor, part.tax_minor]
        found += [figure for tax in part.taxes for figure in tax_figures(tax)]
    return found


@pytest.mark.parametrize(
    "policy",
    [
        P.PER_LINE_PER_TAX,
        P.PER_LINE,
        P.PER_LINE_RESIDUAL,
        P.DOCUMENT_PER_TAX,
        P.DOCUMENT_KEEP_GROSS,
        P.PER_UNIT_THEN_MULTIPLY,
    ],
)
@CARTS
@given(
    cart=st.lists(
        st.builds(msgspec.structs.replace, lines, taxes=st.sampled_from([(VAT_20,), (VAT_20, VAT_5)])),
        max_size=9,
    )
)
def test_a_customer_pays_the_price_on_the_label(policy: RoundingPolicy, cart: list[TaxableLine]) -> None:
    totals = compute_totals(cart, policy)
    labelled = [extend(line.unit_price_minor, line.quantity_milli) - line.discount_minor for line in cart]
    assert [line.gross_minor for line in totals.lines] == labelled
    assert totals.gross_minor == sum(labelled)


@pytest.mark.parametrize("policy", [p for p in P if p is not P.DOCUMENT_KEEP_GROSS])
@CARTS
@given(
    cart=st.lists(
        st.builds(msgspec.structs.replace, lines, taxes=st.just((vat(200_000, included=False),))), max_size=9
    )
)
def test_a_net_price_is_kept_where_tax_is_added(policy: RoundingPolicy, cart: list[TaxableLine]) -> None:
    totals = compute_totals(cart, policy)
    assert totals.net_minor == sum(
        extend(line.unit_price_minor, line.quantity_milli) - line.discount_minor for line in cart
    )


@CARTS
@given(
    cart=st.lists(
        st.builds(msgspec.structs.replace, lines, taxes=st.just((VAT_20,))), min_size=1, max_size=12
    )
)
def test_tax_over_the_document_is_rounded_once(cart: list[TaxableLine]) -> None:
    totals = compute_totals(cart, P.DOCUMENT_PER_TAX)
    exact = Fraction(totals.gross_minor, 6)
    assert totals.tax_minor == divide_rounded(exact.numerator, exact.denominator)
    for line in totals.lines:
        assert abs(line.tax_minor - Fraction(line.gross_minor, 6)) < 1


@EACH_POLICY
def test_an_empty_ticket_comes_to_nothing(policy: RoundingPolicy) -> None:
    assert compute_totals([], policy) == DocumentTotals(0, 0, 0, (), ())


def test_three_units_differ_from_a_line_of_three() -> None:
    line = TaxableLine(3000, 1005, (vat(100_000, included=False),))
    assert compute_totals([line], P.PER_UNIT_THEN_MULTIPLY).gross_minor == 3318
    assert compute_totals([line], P.PER_LINE).gross_minor == 3317


def test_five_tickets_with_tax_included_differ_by_what_is_kept() -> None:
    cart = [TaxableLine(1000, 10000, (vat(190_000),))] * 5
    results = {
        policy: (totals.net_minor, totals.tax_minor, totals.gross_minor)
        for policy in (
            P.PER_LINE,
            P.DOCUMENT_KEEP_GROSS,
            P.DOCUMENT_PER_TAX,
            P.DOCUMENT_KEEP_NET,
            P.DOCUMENT_PER_RATE,
        )
        for totals in [compute_totals(cart, policy)]
    }
    assert results == {
        P.PER_LINE: (42015, 7985, 50000),
        P.DOCUMENT_KEEP_GROSS: (42017, 7983, 50000),
        P.DOCUMENT_PER_TAX: (42017, 7983, 50000),
        P.DOCUMENT_KEEP_NET: (42015, 7983, 49998),
        P.DOCUMENT_PER_RATE: (42015, 7983, 49998),
    }


def test_taxes_on_taxes_differ_per_line_and_per_document() -> None:
    line = TaxableLine(
        1000,
        1589,
        (
            Tax("c", "CGST", 60_000, False, adds_to_next_base=True),
            Tax("s", "SGST", 60_000, False, adds_to_next_base=True, base_includes_previous=False),
            Tax("k", "Cess", 30_000, False),
        ),
    )
    assert compute_totals([line, line], P.PER_LINE_PER_TAX).gross_minor == 3664
    assert compute_totals([line, line], P.DOCUMENT_PER_TAX).gross_minor == 3667


def test_three_lines_differ_from_one_document() -> None:
    cart = [TaxableLine(1000, 699, (vat(200_000, included=False),))] * 3
    assert compute_totals(cart, P.DOCUMENT_PER_TAX).tax_minor == 419
    assert compute_totals(cart, P.PER_LINE).tax_minor == 420


def test_prices_without_tax_keep_the_gross_of_each_line_where_the_shop_wants_that() -> None:
    cart = [TaxableLine(1000, 699, (vat(200_000, included=False),))] * 3
    totals = compute_totals(cart, P.DOCUMENT_KEEP_GROSS)
    assert (totals.net_minor, totals.tax_minor, totals.gross_minor) == (2097, 420, 2517)


def test_one_rate_under_two_names_is_rounded_once_and_shown_twice() -> None:
    food, books = Tax("food", "VAT food", 70_000, False), Tax("books", "VAT books", 70_000, False)
    cart = [TaxableLine(1000, 107, (food,)), TaxableLine(1000, 107, (books,))]
    per_rate = compute_totals(cart, P.DOCUMENT_PER_RATE)
    assert per_rate.tax_minor == 15
    assert [tax.amount_minor for tax in per_rate.taxes] == [8, 7]
    assert compute_totals(cart, P.DOCUMENT_PER_TAX).tax_minor == 14


def test_two_halves_of_one_tax_stay_equal_over_the_document() -> None:
    central, state = Tax("c", "CGST", 90_000, True), Tax("s", "SGST", 90_000, True)
    totals = compute_totals([TaxableLine(1000, 9950, (central, state))] * 3, P.DOCUMENT_PER_RATE)
    assert totals.taxes[0].amount_minor == totals.taxes[1].amount_minor


def test_the_odd_cent_of_a_line_skips_a_tax_of_nothing() -> None:
    ten = [Tax(name, name, 100_000, False) for name in "ab"]
    line = TaxableLine(1000, 104, (Tax("zero", "zero", 0, False), *ten))
    for policy in (P.PER_LINE_RESIDUAL, P.PER_LINE):
        assert [tax.amount_minor for tax in compute_totals([line], policy).taxes] == [0, 11, 10]
    fifth = TaxableLine(1000, 3, tuple(Tax(name, name, 80_000, False) for name in "abcde"))
    assert [tax.amount_minor for tax in compute_totals([fifth], P.PER_LINE_RESIDUAL).taxes] == [1, 0, 0, 0, 0]


def test_weighed_goods_are_taxed_on_the_price_that_the_line_shows() -> None:
    cheese = TaxableLine(350, 1999, (VAT_20,))
    totals = compute_totals([cheese, cheese], P.DOCUMENT_PER_TAX)
    assert totals.gross_minor == 1400
    assert totals.tax_minor == 233


@EACH_POLICY
def test_a_discount_comes_off_the_price_as_labelled(policy: RoundingPolicy) -> None:
    with_tax = compute_totals([TaxableLine(2000, 600, (VAT_20,), discount_minor=120)], policy)
    assert (with_tax.net_minor, with_tax.tax_minor, with_tax.gross_minor) == (900, 180, 1080)
    added = compute_totals(
        [TaxableLine(2000, 600, (vat(200_000, included=False),), discount_minor=100)], policy
    )
    assert (added.net_minor, added.tax_minor, added.gross_minor) == (1100, 220, 1320)


@EACH_POLICY
def test_a_deposit_is_charged_for_each_bottle_whatever_the_price(policy: RoundingPolicy) -> None:
    deposit = Tax("deposit", "Deposit", 0, False, kind="fixed", fixed_minor=25)
    totals = compute_totals([TaxableLine(6000, 100, (deposit,), discount_minor=60)], policy)
    assert (totals.net_minor, totals.tax_minor) == (540, 150)


def test_taxes_inside_the_price_each_have_their_share_of_it() -> None:
    shares = [(50_000, True), (30_000, True), (6_500, False), (90_000, False)]
    brazilian = tuple(
        Tax(str(at), "tax", rate_ppm, True, kind="division", adds_to_next_base=adds)
        for at, (rate_ppm, adds) in enumerate(shares)
    )
    separate = compute_totals([TaxableLine(1000, 10000, brazilian)], P.PER_LINE_PER_TAX)
    together = compute_totals(
        [
            TaxableLine(
                1000, 10000, tuple(msgspec.structs.replace(tax, adds_to_next_base=False) for tax in brazilian)
            )
        ],
        P.PER_LINE_PER_TAX,
    )
    assert [tax.amount_minor for tax in together.taxes] == [500, 300, 65, 900]
    # A tax that later ones count in closes its own price: the next ones' price contains it once more.
    assert [tax.amount_minor for tax in separate.taxes] == [438, 271, 65, 900]


@EACH_POLICY
def test_taxes_that_leave_nothing_of_the_price_are_refused(policy: RoundingPolicy) -> None:
    for tax in (
        Tax("d", "All of it", 1_000_000, False, kind="division"),
        Tax("n", "Less than nothing", -1_000_000, True),
    ):
        with pytest.raises(ImpossibleTaxes, match="Correct their rates") as refused:
            compute_totals([TaxableLine(1000, 100, (tax,))], policy)
        assert refused.value.code == "impossible_taxes"


@EACH_POLICY
def test_totals_travel_as_json(policy: RoundingPolicy) -> None:
    cart = [
        TaxableLine(2000, 1005, (VAT_20, vat(30_000, included=False)), discount_minor=5),
        TaxableLine(350, 999, (VAT_5,)),
    ]
    totals = compute_totals(cart, policy)
    assert msgspec.json.decode(msgspec.json.encode(totals), type=DocumentTotals) == totals
    assert msgspec.json.decode(msgspec.json.encode(cart), type=list[TaxableLine]) == cart
    assert msgspec.json.decode(msgspec.json.encode(policy), type=RoundingPolicy) is policy


@EACH_POLICY
def test_the_largest_amounts_stay_exact(policy: RoundingPolicy) -> None:
    totals = compute_totals([TaxableLine(1000, MAX_AMOUNT_MINOR, (VAT_20,))], policy)
    exact = divide_rounded(MAX_AMOUNT_MINOR, 6)
    assert totals.tax_minor == exact


def test_lines_already_on_the_ticket_are_not_worked_out_again() -> None:
    cart = [TaxableLine(1000, 700 + at, (VAT_20,)) for at in range(20)]
    for policy in P:
        before = compute_totals(cart, policy).lines
        after = compute_totals([*cart, TaxableLine(1000, 600, (VAT_20,))], policy).lines
        same = sum(one is other for one, other in zip(before, after, strict=False))
        assert same == 20 if policy not in PER_DOCUMENT else same > 10


@given(st.lists(st.fractions(-100, 100), min_size=1, max_size=9), st.sampled_from(Rounding))
def test_a_spread_figure_is_whole_and_near(exact: list[Fraction], mode: Rounding) -> None:
    whole = sum(exact, Fraction(0))
    total = divide_rounded(whole.numerator, whole.denominator, mode)
    parts = spread(exact, total)
    assert sum(parts) == total
    assert all(abs(part - value) <= Fraction(3, 2) for part, value in zip(parts, exact, strict=True))
