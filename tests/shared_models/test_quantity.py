"""Quantities: what a person may type, how it is written, and price times quantity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models.quantity import (
    MAX_QUANTITY_MILLI,
    InvalidQuantity,
    QuantityTooLarge,
    extend,
    format_quantity,
    parse_quantity,
)
from shared_models.rounding import Rounding


@pytest.mark.parametrize(
    ("text", "quantity_milli"),
    [
        ("2", 2000),
        ("0.350", 350),
        ("0,35", 350),
        (".5", 500),
        ("-1", -1000),
        ("+3", 3000),
        (" 12 ", 12000),
        ("0", 0),
    ],
)
def test_a_quantity_is_read_as_typed(text: str, quantity_milli: int) -> None:
    assert parse_quantity(text) == quantity_milli


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1e3", "0.3501", "-", ".", "1 2", "٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuantity, match=r"0\.350") as refused:
        parse_quantity(text)
    assert refused.value.code == "invalid_quantity"


def test_a_barcode_scanned_into_the_quantity_is_refused() -> None:
    with pytest.raises(QuantityTooLarge, match="barcode") as refused:
        parse_quantity("4006381333931")
    assert refused.value.code == "quantity_too_large"
    with pytest.raises(QuantityTooLarge):
        parse_quantity("1000000.001")
    assert parse_quantity("1000000") == MAX_QUANTITY_MILLI


def test_a_quantity_is_written_with_decimals_only_where_it_has_some() -> None:
    assert format_quantity(2000) == "2"
    assert format_quantity(-1000) == "-1"
    assert format_quantity(350) == "0.350"
    assert format_quantity(-1350, decimal_sign=",") == "-1,350"
    with pytest.raises(TypeError):
        format_quantity(0.35)  # type: ignore[arg-type]


@given(st.integers(-MAX_QUANTITY_MILLI, MAX_QUANTITY_MILLI), st.sampled_from([".", ","]))
def test_every_quantity_reads_back_as_written(quantity_milli: int, decimal_sign: str) -> None:
    assert parse_quantity(format_quantity(quantity_milli, decimal_sign=decimal_sign)) == quantity_milli


def test_price_times_quantity_is_rounded_once() -> None:
    assert extend(1999, 350) == 700
    assert extend(1005, 500, Rounding.HALF_EVEN) == 502
    assert extend(1005, 500) == 503
    assert extend(1005, -500) == -503
