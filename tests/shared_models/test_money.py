"""Amounts: what a person may type, how an amount is written, and that dividing one loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models.currency import NOTES
from shared_models.money import (
    CURRENCIES,
    DENOMINATIONS,
    MAX_AMOUNT_MINOR,
    AmountTooLarge,
    InvalidAmount,
    Rounding,
    TooManyDecimals,
    UnknownCurrency,
    allocate,
    currency,
    divide_rounded,
    format_amount,
    parse_amount,
    quick_cash_amounts,
    round_to_step,
)

EUR, JPY, KWD = currency("EUR"), currency("JPY"), currency("KWD")
AMOUNTS = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)


@pytest.mark.parametrize(
    ("text", "code", "amount_minor"),
    [
        ("36.82", "EUR", 3682),
        ("36,82", "EUR", 3682),
        ("36", "EUR", 3600),
        ("36.8", "EUR", 3680),
        ("36.", "EUR", 3600),
        (".50", "EUR", 50),
        (" 0.05 ", "EUR", 5),
        ("-1.05", "EUR", -105),
        ("+1.05", "EUR", 105),
        ("0", "EUR", 0),
        ("-0", "EUR", 0),
        ("0000012", "EUR", 1200),
        ("1682", "JPY", 1682),
        ("3.215", "KWD", 3215),
        ("3,2", "KWD", 3200),
    ],
)
def test_an_amount_is_read_as_typed(text: str, code: str, amount_minor: int) -> None:
    assert parse_amount(text, currency(code)) == amount_minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        ",",
        "-",
        "+",
        "abc",
        "1e3",
        "nan",
        "inf",
        "1 000",
        "1,234.50",
        "--1",
        "0x10",
        "１２",
        "1\x00",
    ],
)
def test_what_is_no_amount_is_refused_with_advice(text: str) -> None:
    with pytest.raises(InvalidAmount, match=r"Enter digits, like 12\.50") as refused:
        parse_amount(text, EUR)
    assert refused.value.code == "invalid_amount"


@pytest.mark.parametrize(
    ("text", "code"), [("1.005", "EUR"), ("1.0", "JPY"), ("1.0000", "KWD"), ("1.234", "USD")]
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, code: str) -> None:
    with pytest.raises(TooManyDecimals, match="more decimals"):
        parse_amount(text, currency(code))


def test_a_barcode_typed_as_an_amount_is_too_large() -> None:
    with pytest.raises(AmountTooLarge, match="too large"):
        parse_amount("9" * 5000, EUR)
    with pytest.raises(AmountTooLarge):
        parse_amount(str(MAX_AMOUNT_MINOR + 1), JPY)
    assert parse_amount(str(MAX_AMOUNT_MINOR), JPY) == MAX_AMOUNT_MINOR


def test_a_float_is_a_bug_and_never_an_amount() -> None:
    with pytest.raises((TypeError, AttributeError)):
        parse_amount(1.5, EUR)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        format_amount(1.5, EUR)  # type: ignore[arg-type]


@given(AMOUNTS, st.sampled_from(sorted(CURRENCIES)), st.sampled_from([".", ","]))
def test_every_amount_reads_back_as_written(amount_minor: int, code: str, decimal_sign: str) -> None:
    text = format_amount(amount_minor, currency(code), decimal_sign=decimal_sign)
    assert parse_amount(text, currency(code)) == amount_minor


def test_an_amount_is_written_the_way_the_receipt_wants_it() -> None:
    assert format_amount(3682, EUR) == "36.82"
    assert format_amount(3682, EUR, symbol=True) == "€ 36.82"
    assert format_amount(-105, EUR, symbol=True) == "-€ 1.05"
    assert format_amount(105, EUR, sign=True) == "+1.05"
    assert format_amount(0, EUR, sign=True) == "0.00"
    assert format_amount(123450, EUR, grouping=",") == "1,234.50"
    assert format_amount(-123456789, EUR, grouping=".", decimal_sign=",") == "-1.234.567,89"
    assert format_amount(1682, JPY, symbol=True, grouping=",") == "¥ 1,682"
    assert format_amount(5, KWD) == "0.005"


def test_an_unknown_currency_names_those_that_are_known() -> None:
    with pytest.raises(UnknownCurrency, match="EUR") as refused:
        currency("eur")
    assert refused.value.code == "unknown_currency"


def test_currencies_have_their_decimals() -> None:
    decimals = {code: known.exponent for code, known in CURRENCIES.items()}
    assert {code for code, exponent in decimals.items() if exponent == 0} == {"CLP", "ISK", "JPY", "KRW"}
    assert {code for code, exponent in decimals.items() if exponent == 3} == {"BHD", "KWD", "TND"}


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_currency_can_be_counted_from_the_largest_note_down(code: str) -> None:
    values = DENOMINATIONS[code]
    assert list(values) == sorted(set(values), reverse=True)
    assert values[0] == NOTES[code][-1]
    assert values[-1] > 0


MODES = [
    # mode, then what 2.5, 3.5, 2.4, 2.6 become
    (Rounding.HALF_UP, 3, 4, 2, 3),
    (Rounding.HALF_EVEN, 2, 4, 2, 3),
    (Rounding.HALF_DOWN, 2, 3, 2, 3),
    (Rounding.UP, 3, 4, 3, 3),
    (Rounding.DOWN, 2, 3, 2, 2),
]


@pytest.mark.parametrize(("mode", "of_25", "of_35", "of_24", "of_26"), MODES)
def test_each_mode_rounds_as_it_is_called(
    mode: Rounding, of_25: int, of_35: int, of_24: int, of_26: int
) -> None:
    assert [divide_rounded(tenths, 10, mode) for tenths in (25, 35, 24, 26)] == [of_25, of_35, of_24, of_26]
    assert divide_rounded(20, 10, mode) == 2
    assert divide_rounded(-25, 10, mode) == -of_25
    assert divide_rounded(25, -10, mode) == -of_25


@given(AMOUNTS, st.integers(1, 10**9), st.sampled_from(Rounding))
def test_rounding_is_near_and_mirrors(numerator: int, denominator: int, mode: Rounding) -> None:
    rounded = divide_rounded(numerator, denominator, mode)
    assert abs(rounded * denominator - numerator) < denominator
    assert divide_rounded(-numerator, denominator, mode) == -rounded


def test_dividing_by_nothing_is_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_rounded(1, 0)
    with pytest.raises(ValueError, match="must be positive"):
        round_to_step(1, 0)


def test_cash_is_rounded_to_the_smallest_coin() -> None:
    assert round_to_step(1682, 5) == 1680
    assert round_to_step(1683, 5) == 1685
    assert round_to_step(-1683, 5) == -1685
    assert round_to_step(1601, 100, Rounding.UP) == 1700


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_a_split_amount_loses_no_cent_and_is_fair(amount_minor: int, weights: list[int]) -> None:
    parts = allocate(amount_minor, weights)
    assert sum(parts) == amount_minor
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        if total:
            assert abs(part * total - amount_minor * weight) < total
    assert allocate(-amount_minor, weights) == [-part for part in parts]


def test_the_odd_cent_goes_to_the_largest_fraction_then_to_the_earlier() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(299, [4300, 1400, 2300]) == [161, 52, 86]
    assert allocate(40, [10, 0]) == [40, 0]
    assert allocate(5, [0, 0]) == [3, 2]


def test_an_amount_is_not_split_over_nothing_or_less() -> None:
    with pytest.raises(ValueError, match="over nothing"):
        allocate(1, [])
    with pytest.raises(ValueError, match="negative"):
        allocate(1, [1, -1])


@pytest.mark.parametrize(
    ("due_minor", "code", "step_minor", "proposed"),
    [
        (1682, "EUR", 5, (1680, 1700, 2000, 5000, 10000)),
        (3682, "EUR", 1, (3682, 3700, 4000, 5000, 10000)),
        (1700, "EUR", 1, (1700, 2000, 5000, 10000, 20000)),
        (123450, "EUR", 1, (123450, 123500, 124000, 125000, 130000)),
        (1682, "JPY", 1, (1682, 1700, 2000, 5000, 10000)),
        (3215, "KWD", 5, (3215, 3500, 4000, 5000, 10000)),
        (90000, "INR", 100, (90000, 100000)),
        (2, "EUR", 5, ()),
        (0, "EUR", 1, ()),
        (-500, "EUR", 1, ()),
    ],
)
def test_quick_amounts_are_what_a_customer_hands_over(
    due_minor: int, code: str, step_minor: int, proposed: tuple[int, ...]
) -> None:
    assert quick_cash_amounts(due_minor, currency(code), step_minor=step_minor) == proposed


@given(st.integers(1, 10**8), st.sampled_from(sorted(CURRENCIES)), st.sampled_from([1, 5, 10, 100]))
def test_every_quick_amount_pays_the_sale(due_minor: int, code: str, step_minor: int) -> None:
    exact = round_to_step(due_minor, step_minor)
    proposed = quick_cash_amounts(due_minor, currency(code), step_minor=step_minor)
    assert len(proposed) <= 5
    assert list(proposed) == sorted(set(proposed))
    assert proposed[:1] == ((exact,) if exact else ())
