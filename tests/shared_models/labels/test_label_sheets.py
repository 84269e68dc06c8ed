"""Labels on sheets: what an office printer prints is read back by tools that are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_models.gtin import check_digit, normalise_gtin
from shared_models.labels.label import UnitPrice
from shared_models.labels.pdf import label_sheets
from shared_models.labels.sheets import A4_MM, SHEETS, UnknownSheet, sheet_named
from sync_server.labels.typefaces import machines_typeface
from tests.effort import examples
from tests.shared_models.labels.reading import (
    CARTON,
    EAN8,
    EAN13,
    PDFTOPPM,
    PDFTOTEXT,
    UPCA,
    ZBAR,
    hostile,
    label_of,
    pages,
    read_by_zbar,
    read_by_zxing,
    text_of,
)


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
@pytest.mark.parametrize("name", SHEETS)
def test_every_label_of_a_full_sheet_is_where_it_belongs_and_its_bars_are_read(
    tmp_path: Path, name: str
) -> None:
    sheet = sheet_named(name)
    codes = [
        normalise_gtin(f"{number:012d}{check_digit(f'{number:012d}')}")
        for number in range(400_000_000_001, 400_000_000_001 + sheet.count)
    ]
    [page] = pages(
        label_sheets([label_of(code) for code in codes], sheet), tmp_path, 600 if sheet.width < 50 else 300
    )
    found = {}
    for barcode in zxingcpp.read_barcodes(page):
        x = (barcode.position.top_left.x + barcode.position.bottom_right.x) / 2 * A4_MM[0] / page.width
        y = (barcode.position.top_left.y + barcode.position.bottom_right.y) / 2 * A4_MM[1] / page.height
        column, row = int((x - sheet.left) // sheet.step_across), int((y - sheet.top) // sheet.step_down)
        found[row * sheet.columns + column] = barcode.text.zfill(14)
    assert found == dict(enumerate(codes))


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
@pytest.mark.parametrize("digits", [EAN13, EAN8, UPCA, CARTON])
def test_the_bars_on_a_sheet_are_read_as_the_products_number(tmp_path: Path, digits: str) -> None:
    pdf = label_sheets([label_of(normalise_gtin(digits))], sheet_named("L7160"))
    [page] = pages(pdf, tmp_path)
    corner = page.crop((0, 0, page.width // 2, page.height // 5))
    assert [found.zfill(14) for found in read_by_zxing(corner)] == [normalise_gtin(digits)]
    if ZBAR:
        assert [found.zfill(14) for found in read_by_zbar(corner, tmp_path)] == [normalise_gtin(digits)]


@pytest.mark.skipif(PDFTOTEXT is None, reason="needs pdftotext")
def test_a_sheet_says_names_in_letters_of_europe_and_prices_whole(tmp_path: Path) -> None:
    names = ["Käse & Öl", "Żółty ser", "Γάλα φρέσκο", "Молоко", "Crème fraîche"]
    labels = [
        label_of(name=name, price_minor=123_456, unit="kg", unit_price=UnitPrice(498, "l")) for name in names
    ]
    said = text_of(label_sheets(labels, sheet_named("3474"), 0, machines_typeface()), tmp_path)
    for text in (*names, "€ 1234.56 / kg", "1 l = € 4.98"):
        assert text in said, text


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
def test_a_sheet_that_was_begun_is_used_up_from_its_next_label_on(tmp_path: Path) -> None:
    sheet = sheet_named("L7160")
    drawn = pages(label_sheets([label_of()] * 3, sheet, skip=20), tmp_path, 100)
    assert len(drawn) == 2
    first = drawn[0].crop((0, 0, drawn[0].width, round(drawn[0].height * 0.8)))
    assert first.getextrema() == (255, 255)


@pytest.mark.skipif(PDFTOTEXT is None, reason="needs pdftotext")
def test_the_letters_asked_for_are_used_whatever_was_printed_before(tmp_path: Path) -> None:
    label_sheets([label_of()], sheet_named("3474"))
    label_sheets([label_of()], sheet_named("3474"), 0, machines_typeface())
    assert "Żółty" in text_of(
        label_sheets([label_of(name="Żółty ser")], sheet_named("3474"), 0, machines_typeface()), tmp_path
    )


def test_the_same_labels_make_the_same_bytes() -> None:
    assert label_sheets([label_of()], sheet_named("L7651")) == label_sheets(
        [label_of()], sheet_named("L7651")
    )


@given(hostile, hostile, hostile, st.sampled_from(sorted(SHEETS)))
@settings(max_examples=examples(25))
def test_any_text_makes_a_sheet(name: str, sku: str, code: str, sheet: str) -> None:
    assert label_sheets([label_of(code, name=name, sku=sku)], sheet_named(sheet)).startswith(b"%PDF")


def test_the_labels_of_every_sheet_lie_on_the_page_and_apart() -> None:
    for sheet in SHEETS.values():
        assert sheet.left >= 0
        assert sheet.top >= 0
        assert sheet.step_across >= sheet.width
        assert sheet.step_down >= sheet.height


def test_an_unknown_sheet_names_those_there_are() -> None:
    with pytest.raises(UnknownSheet, match="L7160"):
        sheet_named("L9999")
