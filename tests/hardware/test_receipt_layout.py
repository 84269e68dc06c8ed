"""Receipts on 32, 42 and 48 columns: nothing is cut off, amounts stay at the right edge."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.printable_text import column_width, printable
from hardware.receipt_document import (
    Barcode,
    Blank,
    Cell,
    Columns,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Rule,
    Text,
    decode_document,
    encode_document,
    name_and_amount,
)
from hardware.receipt_layout import Line, lay_out, wrap

WIDTHS = pytest.mark.parametrize("columns", [32, 42, 48])


def lines_of(*blocks, columns=48):
    return [
        placed.text for placed in lay_out(ReceiptDocument(tuple(blocks)), columns) if isinstance(placed, Line)
    ]


def test_a_document_goes_through_the_spool_unchanged():
    document = ReceiptDocument(
        (
            Logo(lines=("Shop",), png=b"\x89PNG"),
            Text("Hello", align="center", bold=True),
            Columns((Cell("a", weight=1), Cell("1.00", align="right"))),
            Rule(double=True),
            Blank(2),
            Barcode("code128", "S1-0001"),
            QrCode(b"\x00\xff"),
            Cut(),
        )
    )
    assert decode_document(encode_document(document)) == document


def test_a_damaged_document_in_the_spool_is_refused():
    with pytest.raises(msgspec.ValidationError):
        decode_document(b'{"blocks":[{"type":"explosion"}]}')


@WIDTHS
def test_a_long_name_wraps_and_the_amount_stays_at_the_right_edge(columns):
    name = "Organic oat drink barista edition extra creamy one litre carton"
    lines = lines_of(name_and_amount(name, "12.34"), columns=columns)
    assert lines[0].endswith("12.34")
    assert column_width(lines[0]) == columns
    assert " ".join(line.removesuffix("12.34").strip() for line in lines) == name


def test_a_name_that_has_no_room_beside_the_amounts_stands_above_them():
    block = Columns(
        (Cell("Tomatoes", weight=1), Cell("1,000,000.00", align="right"), Cell("9,999.99", align="right"))
    )
    assert lines_of(block, columns=24) == ["Tomatoes", "   1,000,000.00 9,999.99"]


def test_a_tax_table_keeps_its_columns_on_narrow_paper():
    def row(*texts):
        name, *amounts = texts
        cells = (Cell(amount, align="right", width=12) for amount in amounts)
        return Columns((Cell(name, weight=1), *cells))

    table = (row("VAT", "net", "tax", "gross"), row("A 20 %", "5.13", "1.02", "6.15"))
    assert lines_of(*table, columns=32) == [
        "VAT          net     tax   gross",
        "A 20 %      5.13    1.02    6.15",
    ]


def test_wide_characters_count_two_columns():
    lines = lines_of(name_and_amount("日本酒", "9.00"), columns=16)
    assert lines == ["日本酒      9.00"]
    assert column_width(lines[0]) == 16


def test_a_total_too_long_for_double_width_stays_on_one_line():
    total = name_and_amount("TOTAL CHF", "2957.18", double_width=True, double_height=True)
    [line] = lay_out(ReceiptDocument((total,)), 32)
    assert line == Line("TOTAL CHF                2957.18", double_height=True)


def test_double_width_text_has_half_the_room():
    assert all(
        column_width(line) <= 16
        for line in lines_of(Text("A shop with a long name", double_width=True), columns=32)
    )


def test_a_line_feed_in_a_paragraph_starts_a_new_line():
    assert lines_of(Text("one\ntwo\r\nthree")) == ["one", "two", "three"]


def test_control_characters_never_survive_the_layout():
    assert lines_of(Text("Milk\x1b@\x1dV\x00 \x9b\u202eevil\u2066")) == ["Milk@ V evil"]


@given(st.text())
def test_what_is_printable_is_decided_letter_by_letter_once_accents_are_joined(text):
    joined = unicodedata.normalize("NFC", text)
    assert printable(text) == "".join(printable(character) for character in joined)


@given(st.text(), st.integers(2, 48))
def test_no_character_of_any_name_is_lost_by_wrapping(text, room):
    clean = printable(text)
    lines = wrap(clean, room)
    assert "".join(lines).replace(" ", "") == clean.replace(" ", "")
    assert all(column_width(line) <= room for line in lines)


@given(st.text(), st.text(max_size=12), st.sampled_from([32, 42, 48]), st.booleans())
def test_no_line_is_wider_than_the_paper(name, amount, columns, double_width):
    document = ReceiptDocument((name_and_amount(name, amount, double_width=double_width),))
    for line in lay_out(document, columns):
        assert isinstance(line, Line)
        assert column_width(line.text) <= (columns // 2 if line.double_width else columns)
