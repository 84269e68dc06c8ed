"""What a variant is called, and what a kit takes off the shelf."""

from __future__ import annotations

import msgspec
import pytest

from shared_models.catalogue import KitComponent, Product, split_colour
from shared_models.sale import SaleLine, SalePosted, SoldComponent
from shared_models.stock import StockMove, moves_of_sale


def a_product(**fields: object) -> Product:
    return Product("p1", 1, "TEE", "T-shirt basic", "standard", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"colour": "navy #1a2b4c", "size": "M"}, "T-shirt basic"),
        ({"variant_of": "p0", "colour": "navy #1A2B4C", "size": "M"}, "T-shirt basic · navy · M"),
        ({"variant_of": "p0", "size": "M"}, "T-shirt basic · M"),
        ({"variant_of": "p0", "colour": "#1a2b4c"}, "T-shirt basic"),
    ],
)
def test_a_variant_is_called_by_its_name_colour_and_size(fields: dict[str, str], name: str) -> None:
    assert a_product(**fields).full_name() == name


def test_a_colour_may_end_in_its_hex() -> None:
    assert split_colour("sea green #0B6E4F") == ("sea green", "#0b6e4f")
    assert split_colour(" red ") == ("red", "")
    assert split_colour("#12345") == ("#12345", "")


def test_a_product_and_a_sale_from_before_there_were_kits_have_none() -> None:
    assert msgspec.json.decode(msgspec.json.encode(a_product()), type=Product).components == ()
    assert b"components" not in msgspec.json.encode(a_product())
    assert b"components" not in msgspec.json.encode(a_line(1, "p1"))
    with_kit = a_product(components=(KitComponent("p2", 2000),))
    assert msgspec.json.decode(msgspec.json.encode(with_kit), type=Product) == with_kit


def test_of_a_kit_the_components_leave_the_shelf_and_lines_keep_their_numbers() -> None:
    kit = (SoldComponent("tea", "Tea", 4000), SoldComponent("cup", "Cup", 2000))
    sale = a_sale(a_line(1, "breakfast", 2000, kit), a_line(2, "roll"), a_line(3, "breakfast", 1000, kit[:1]))
    assert moves_of_sale(sale) == (
        StockMove(2, "roll", "03", -1000, "sale"),
        StockMove(4, "tea", "03", -4000, "sale"),
        StockMove(5, "cup", "03", -2000, "sale"),
        StockMove(6, "tea", "03", -4000, "sale"),
    )


def a_line(
    line_no: int, product_id: str, quantity_milli: int = 1000, components: tuple[SoldComponent, ...] = ()
) -> SaleLine:
    return SaleLine(
        line_no=line_no,
        product_id=product_id,
        sku=product_id,
        code=product_id,
        name=product_id,
        quantity_milli=quantity_milli,
        unit_price_minor=100,
        regular_price_minor=100,
        net_minor=100,
        tax_minor=0,
        gross_minor=100,
        taxes=(),
        tax_category_id="standard",
        components=components,
    )


def a_sale(*lines: SaleLine) -> SalePosted:
    return SalePosted(
        sale_id="s1",
        receipt_number="R1",
        store_id="03",
        till_id="03-1",
        shift_id="h1",
        operator_id="o1",
        operator_name="Ana",
        business_date="2026-11-21",
        started_at_ms=0,
        currency="EUR",
        rounding_policy="per_line",
        lines=lines,
        taxes=(),
        net_minor=100,
        tax_minor=0,
        total_minor=100,
        tenders=(),
    )
