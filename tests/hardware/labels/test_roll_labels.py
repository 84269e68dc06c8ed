"""Labels on a roll: what a label printer prints is read back by tools that are not ours."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.labels.zpl_decoder import commands
from hardware.labels.zpl_paper import PrintedLabel, printed
from shared_models.gtin import normalise_gtin
from shared_models.labels.label import Label, UnitPrice, one_line
from shared_models.labels.symbol import Symbol, symbol_of
from shared_models.labels.zpl import LabelSize, zpl
from tests.effort import examples
from tests.shared_models.labels.reading import (
    CARTON,
    EAN8,
    EAN13,
    GTINS,
    UPCA,
    ZBAR,
    hostile,
    label_of,
    read_by_zbar,
    read_by_zxing,
)

OWN = "SHELF>12^A~B"
SIZES = (LabelSize(), LabelSize(57, 32, 12), LabelSize(76, 51, 8), LabelSize(100, 60, 8))


def one(label: Label, size: LabelSize | None = None) -> PrintedLabel:
    [out] = printed(zpl([label], size))
    assert out.unknown == []
    return out


# What bars a code gets


@pytest.mark.parametrize(("kind", "digits"), GTINS.items())
def test_a_gtin_gets_the_bars_of_its_own_kind(kind: str, digits: str) -> None:
    assert symbol_of(normalise_gtin(digits)) == Symbol(kind, digits)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["", " X", "X" * 25, "Ümlaut", "A\x1bB", "日本"])
def test_what_no_bars_can_carry_gets_none(code: str) -> None:
    assert symbol_of(code) is None


# On a roll


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("digits", [EAN13, EAN8, UPCA, CARTON])
def test_the_bars_on_a_roll_label_are_read_as_the_products_number(
    tmp_path: Path, digits: str, size: LabelSize
) -> None:
    picture = one(label_of(normalise_gtin(digits)), size).picture
    assert (picture.width, picture.height) == (size.width, size.height)
    assert [found.zfill(14) for found in read_by_zxing(picture)] == [normalise_gtin(digits)]
    if ZBAR:
        assert [found.zfill(14) for found in read_by_zbar(picture, tmp_path)] == [normalise_gtin(digits)]


def test_a_code_of_the_shops_own_is_read_as_it_is_with_the_printers_own_signs_in_it() -> None:
    assert read_by_zxing(one(label_of(OWN), LabelSize(100, 60)).picture) == [OWN]
    assert one(label_of(OWN), LabelSize(100, 60)).codes == [OWN]


def test_a_code_that_has_no_room_as_bars_stands_there_in_letters() -> None:
    out = one(label_of("A-VERY-LONG-OWN-NUMBER-1"), LabelSize(30, 20))
    assert out.codes == []
    assert out.texts[-1].startswith("A-VERY")


def test_a_label_has_name_price_unit_price_and_the_articles_number() -> None:
    label = label_of(unit_price=UnitPrice(498, "kg"))
    assert one(label, LabelSize(76, 51)).texts == ["Oat drink barista 1 l", "€ 2.49", "1 kg = € 4.98", "OAT"]


def test_goods_sold_by_measure_say_what_the_price_is_for() -> None:
    assert "€ 4.99 / kg" in one(label_of(price_minor=499, unit="kg")).texts


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_amount_is_never_cut_however_long_it_is(size: LabelSize) -> None:
    label = label_of(price_minor=999_999_999, unit="kg", unit_price=UnitPrice(999_999_999, "kg"))
    assert {label.price_text(), label.unit_price_text()} <= set(one(label, size).texts)


def test_a_long_name_ends_in_an_ellipsis_and_not_over_the_price() -> None:
    text = one(label_of(name="Long name " * 30)).texts[0]
    assert text.endswith("…")
    assert len(text) < 60


@settings(max_examples=examples(100))
@given(hostile, hostile, hostile, st.sampled_from(SIZES))
def test_no_text_in_any_field_becomes_a_command_of_the_label_printer(
    name: str, sku: str, code: str, size: LabelSize
) -> None:
    label = label_of(code, name=name, sku=sku)
    stream = zpl([label], size)
    data = re.sub(rb"\^FD[A-Za-z0-9 _]*(?=\^FS)", b"^FD", stream)
    names = {command.name for command in commands(data)}
    assert names <= {
        "^XA", "^CI", "^PW", "^LL", "^LH", "^FO", "^A", "^FB", "^FH", "^FD", "^FS", "^BY", "^BE", "^B8", "^BU", "^BC",
        "^XZ",
    }  # fmt: skip
    assert not set(stream) & {*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0x100)}
    [out] = printed(stream)
    assert out.unknown == []
    assert all(text.isprintable() for text in out.texts)
    if one_line(name) and len(one_line(name)) < 20:
        assert out.texts[0] == one_line(name)


def test_a_stream_that_breaks_off_prints_only_whole_labels() -> None:
    stream = zpl([label_of(), label_of()])
    for end in range(0, len(stream), 7):
        assert len(printed(stream[:end])) <= stream[:end].count(b"^XZ")


def test_a_picture_of_a_label_is_a_png() -> None:
    assert Image.open(io.BytesIO(one(label_of()).png())).format == "PNG"
