"""What a customer reads on the receipt."""

from __future__ import annotations

import msgspec
import pytest

from hardware.receipt_document import Barcode, Logo, QrCode, decode_document, encode_document
from hardware.receipt_layout import Line, lay_out
from pos_client.printing.paper import Paper
from pos_client.printing.receipt import receipt_document, shop_heading
from pos_client.till.ports import PostedSale
from shared_models.moment import Moment
from shared_models.sale import LineDiscount, SaleLine, SalePosted, SoldComponent, Tender
from shared_models.store_config import StoreConfig
from shared_models.tax import TaxAmount

STORE = StoreConfig(
    store_id="03",
    name="Harbour Street",
    currency="EUR",
    address=("12 Harbour Street", "20457 Hamburg"),
    tax_number="DE123456789",
    logo_text="HARBOUR",
    receipt_footer="Thank you!\nSee you soon",
)


def vat(base: int, amount: int, *, included: bool = True) -> TaxAmount:
    return TaxAmount("vat7", "VAT 7 %", 70_000, included, base, amount)


def line(name: str, net: int, tax: int, *, included: bool = True, **values: object) -> SaleLine:
    common: dict[str, object] = {
        "line_no": 1,
        "product_id": "p",
        "sku": "P",
        "code": "7394376616228",
        "name": name,
        "quantity_milli": 1000,
        "unit_price_minor": net + tax,
        "regular_price_minor": net + tax,
        "net_minor": net,
        "tax_minor": tax,
        "gross_minor": net + tax,
        "taxes": (vat(net, tax, included=included),),
        "tax_category_id": "food",
    }
    return SaleLine(**(common | values))  # type: ignore[arg-type]


def posted(*lines: SaleLine, copies: int = 0, **values: object) -> PostedSale:
    net, tax = sum(one.net_minor for one in lines), sum(one.tax_minor for one in lines)
    common: dict[str, object] = {
        "sale_id": "s",
        "receipt_number": "03-2-K7Q-001284",
        "store_id": "03",
        "till_id": "03-2",
        "shift_id": "h",
        "operator_id": "ana",
        "operator_name": "Ana R.",
        "business_date": "2026-11-21",
        "started_at_ms": 0,
        "currency": "EUR",
        "rounding_policy": "per_line",
        "lines": lines,
        "taxes": (vat(net, tax, included=all(one.taxes[0].included for one in lines)),),
        "net_minor": net,
        "tax_minor": tax,
        "total_minor": net + tax,
        "tenders": (Tender("cash", net + tax),),
    }
    sale = SalePosted(**(common | values))  # type: ignore[arg-type]
    return PostedSale(sale, Moment(1_795_244_640_000, 60), 17, "ABCDEFGH", copies)


def printed(sale: PostedSale, columns: int = 42) -> list[str]:
    placed = lay_out(receipt_document(sale, STORE), columns)
    return [one.text for one in placed if isinstance(one, Line)]


OAT = line("Oat drink barista 1 L", 465, 33, quantity_milli=2000, unit_price_minor=249)


def test_a_receipt_reads_from_the_shop_to_the_closing_line() -> None:
    text = printed(posted(OAT, tenders=(Tender("cash", 1000),), change_minor=502))
    assert text == [
        "Harbour Street",
        "12 Harbour Street",
        "20457 Hamburg",
        "Tax no. DE123456789",
        "─" * 42,
        "03-2-K7Q-001284           2026-11-21 08:04",
        "Till 03-2 · Served by Ana R.",
        "─" * 42,
        "Oat drink barista 1 L                 4.98",
        "  2 × 2.49",
        "─" * 42,
        "TOTAL EUR        4.98",
        "Cash                                 10.00",
        "Change                                5.02",
        "─" * 42,
        "Tax                 Net      Tax     Gross",
        "VAT 7 %            4.65     0.33      4.98",
        "",
        "",
        "Thank you!",
        "See you soon",
    ]


def test_one_piece_needs_no_quantity_line() -> None:
    assert "  1 × 0.90" not in printed(posted(line("Sourdough roll", 84, 6)))


def test_weighed_goods_say_how_much_of_which_unit() -> None:
    cheese = line("Mountain cheese", 814, 57, quantity_milli=350, unit_price_minor=2490, unit="kg")
    assert "  0.350 kg × 24.90 / kg" in printed(posted(cheese))


@pytest.mark.parametrize(
    ("weighed_by", "says"),
    [
        ("scale", "  0.350 kg net × 24.90 / kg"),
        ("hand", "  0.350 kg typed × 24.90 / kg"),
        ("", "  0.350 kg × 24.90 / kg"),
    ],
)
def test_a_weight_says_whether_the_scale_or_a_person_stands_for_it(weighed_by: str, says: str) -> None:
    cheese = line("Mountain cheese", 814, 57, quantity_milli=350, unit_price_minor=2490, unit="kg")
    assert says in printed(posted(msgspec.structs.replace(cheese, weighed_by=weighed_by)))


def test_a_discount_has_a_line_of_its_own_below_the_full_amount() -> None:
    discounts = (LineDiscount("line", "Winter sale", 498), LineDiscount("sale", "", 100))
    scarf = line("Wool scarf", 1774, 118, unit_price_minor=2490, discounts=discounts)
    text = printed(posted(scarf))
    at = text.index("Wool scarf                           24.90")
    assert text[at : at + 6] == [
        "Wool scarf                           24.90",
        "  Winter sale                        -4.98",
        "─" * 42,
        "Subtotal                             19.92",
        "Discount on the sale                 -1.00",
        "TOTAL EUR       18.92",
    ]


def test_a_discount_on_the_sale_stands_once_however_many_lines_share_it() -> None:
    shares = [line(name, 93, 6, discounts=(LineDiscount("sale", "Staff", 1),)) for name in ("Tea", "Milk")]
    text = printed(posted(*shares))
    assert [one for one in text if "Staff" in one] == ["Staff                                -0.02"]
    assert "Tea                                   1.00" in text


def test_added_tax_stands_between_subtotal_and_total() -> None:
    text = printed(posted(line("Notebook", 1000, 70, included=False, unit_price_minor=1000)))
    assert "Notebook                             10.00" in text
    assert text[text.index("Subtotal                             10.00") :][:3] == [
        "Subtotal                             10.00",
        "VAT 7 %                               0.70",
        "TOTAL EUR       10.70",
    ]


def test_cash_rounding_is_said_with_its_sign() -> None:
    sale = posted(line("Bread", 934, 65), cash_rounding_minor=1, tenders=(Tender("cash", 1000),))
    assert "Cash rounding                        +0.01" in printed(sale)


def test_a_changed_price_serial_lot_and_note_are_on_the_paper() -> None:
    changed = line(
        "Telephone",
        10000,
        700,
        regular_price_minor=19900,
        override_reason="box torn",
        serial="SN7",
        lot="L1",
        note="gift",
    )
    text = printed(posted(changed))
    assert text[text.index("  Price changed from 199.00") :][:4] == [
        "  Price changed from 199.00",
        "  Serial no. SN7",
        "  Lot L1",
        "  gift",
    ]


def test_a_kit_names_what_is_in_it_below_its_line() -> None:
    inside = (SoldComponent("p1", "Sourdough roll", 2000), SoldComponent("p2", "", 1000))
    paper = printed(posted(line("Breakfast", 186, 13, components=inside)))
    at = next(at for at, row in enumerate(paper) if row.startswith("Breakfast"))
    assert paper[at + 1].rstrip() == "  2 × Sourdough roll"
    assert not any("1 ×" in row for row in paper), "what has no name is not printed"


def test_a_copy_is_marked_large_and_an_original_is_not() -> None:
    placed = lay_out(receipt_document(posted(OAT, copies=2), STORE), 42)
    (mark,) = [one for one in placed if isinstance(one, Line) and one.text == "COPY 2"]
    assert mark.double_height
    assert not any("COPY" in text for text in printed(posted(OAT)))


def test_training_can_never_be_taken_for_a_sale() -> None:
    assert any("TRAINING" in text for text in printed(posted(OAT, training=True)))


def test_the_receipt_carries_its_number_as_bars_and_its_evidence_as_qr() -> None:
    blocks = receipt_document(posted(OAT), STORE).blocks
    assert Barcode("code128", "03-2-K7Q-001284") in blocks
    (qr,) = [block for block in blocks if isinstance(block, QrCode)]
    assert qr.data == b"EVT1:03-2-K7Q-001284:498:ABCDEFGH"
    assert Logo(("HARBOUR",)) in blocks


def test_every_amount_fits_on_narrow_paper() -> None:
    long_name = line("Chardonnay Reserve of the very old vineyard on the hill 0.75 L", 93_457_943, 6_542_056)
    text = printed(posted(long_name, OAT), columns=32)
    assert max(map(len, text)) <= 32
    assert any(one.endswith("999999.99") for one in text)


def test_an_amount_of_a_currency_without_decimals_has_none() -> None:
    sale = posted(line("Tea", 926, 74), currency="JPY")
    assert "TOTAL JPY        1000" in printed(sale)


def test_a_shop_without_logo_number_or_footer_prints_without_them() -> None:
    bare = msgspec.structs.replace(STORE, logo_text="", tax_number="", receipt_footer="", address=())
    document = Paper().receipt(posted(OAT, taxes=()), bare)
    assert not [block for block in document.blocks if isinstance(block, Logo)]
    assert decode_document(encode_document(document)) == document


def test_the_shop_s_logo_stands_above_its_name_and_its_text_where_no_picture_can_be_printed() -> None:
    store = msgspec.structs.replace(STORE, logo_png=b"a picture")
    assert next(iter(shop_heading(store))) == Logo(("HARBOUR",), b"a picture")
    assert next(iter(shop_heading(msgspec.structs.replace(store, logo_text="")))) == Logo((), b"a picture")
