"""How much is in a piece, and what a kilogram, a litre or one of it costs."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models import reference
from shared_models.catalogue import Product
from shared_models.contents import MOST_MILLI, Content, InvalidContent, parse_content, price_per_unit
from shared_models.labels.of_product import label_of

TEA = Product("p1", 1, "TEA", "Green tea", "food")


@pytest.mark.parametrize(
    ("text", "content", "shown"),
    [
        ("500 g", Content(500_000, "g"), "500 g"),
        ("0,75L", Content(750, "l"), "0.75 l"),
        ("6 x 330 ml", Content(1_980_000, "ml"), "1980 ml"),
        ("10 pieces", Content(10_000, "piece"), "10 piece"),
        (" 1.5 m ", Content(1_500, "m"), "1.5 m"),
    ],
)
def test_a_content_is_read_as_people_write_it(text: str, content: Content, shown: str) -> None:
    assert parse_content(text) == content
    assert content.text() == shown


@pytest.mark.parametrize(
    "text", ["", "500", "g", "0 g", "-1 g", "5 ounces", "1.2345 kg", "999999999 kg", "٥ g"]
)
def test_what_is_none_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidContent, match="Write it like 500 g"):
        parse_content(text)


@pytest.mark.parametrize(
    ("price", "content", "each"),
    [
        (649, "500 g", (1298, "kg")),
        (199, "0.75 l", (265, "l")),
        (549, "6 x 330 ml", (277, "l")),
        (299, "10 pieces", (30, "piece")),
        (100, "3 kg", (33, "kg")),
        (1, "2 kg", (1, "kg")),
        (250, "70 cl", (357, "l")),
        (500, "50 cm", (1000, "m")),
    ],
)
def test_the_price_per_unit_is_rounded_half_up(price: int, content: str, each: tuple[int, str]) -> None:
    assert price_per_unit(price, parse_content(content)) == each


@given(
    st.integers(0, 10**9),
    st.integers(1, MOST_MILLI),
    st.sampled_from(["g", "kg", "ml", "cl", "l", "cm", "m"]),
)
def test_it_is_never_further_off_than_half_of_the_smallest_coin(price: int, milli: int, unit: str) -> None:
    parts = {"g": 1000, "kg": 1, "ml": 1000, "cl": 100, "l": 1, "cm": 100, "m": 1}[unit]
    found = price_per_unit(price, Content(milli, unit))
    assert found is not None
    assert abs(found[0] - Fraction(price * 1000 * parts, milli)) <= Fraction(1, 2)


def test_a_till_of_before_reads_what_comes_down_and_one_of_now_what_an_older_server_sends() -> None:
    class ProductOfBefore(msgspec.Struct, frozen=True, omit_defaults=True):
        product_id: str
        number: int
        sku: str
        name: str
        tax_category_id: str

    _, _, new = reference.encode(msgspec.structs.replace(TEA, content=Content(100_000, "g")))
    assert msgspec.json.decode(new, type=ProductOfBefore).sku == "TEA"
    old = msgspec.json.encode(ProductOfBefore("p1", 1, "TEA", "Green tea", "food"))
    assert reference.decode("product", old) == TEA
    assert reference.encode(TEA) == ("product", "p1", old)


def test_only_pieces_with_a_known_content_have_a_price_per_unit_on_the_label() -> None:
    def unit_price(product: Product) -> str:
        return label_of(product, 349, "EUR").unit_price_text()

    full = msgspec.structs.replace(TEA, content=Content(100_000, "g"))
    assert unit_price(full) == "1 kg = € 34.90"
    assert unit_price(TEA) == ""
    assert unit_price(msgspec.structs.replace(full, unit="kg", weighed=True)) == ""
    assert unit_price(msgspec.structs.replace(full, content=Content(1000, "furlong"))) == ""


def test_a_sku_that_is_in_the_bars_is_not_printed_twice() -> None:
    assert (label_of(TEA, 349, "EUR").code, label_of(TEA, 349, "EUR").sku) == ("TEA", "")
    with_barcode = msgspec.structs.replace(TEA, barcodes=("04006381333931",))
    assert (label_of(with_barcode, 349, "EUR").code, label_of(with_barcode, 349, "EUR").sku) == (
        "04006381333931",
        "TEA",
    )
