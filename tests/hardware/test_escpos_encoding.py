"""Receipts as bytes: what was meant is what the paper shows, and data never becomes a command."""

import codecs
import io
import zlib

import pytest
import segno
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from hardware.escpos import commands, symbols
from hardware.escpos.decoder import Decoder
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import EPSON_CODE_PAGES, Interpreter
from hardware.escpos.library import capabilities
from hardware.escpos.models import MODELS
from hardware.escpos.paper import Feed, PrintedImage, PrintedLine
from hardware.escpos.profile import UnknownPrinterProfile, profile_named, profile_names
from hardware.escpos.qr_masks import qr_rows
from hardware.escpos.raster import logo_dots
from hardware.receipt_document import (
    Barcode,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Rule,
    Text,
    name_and_amount,
)

EPSON = "epson-tm-t20"
LAYOUT_COMMANDS = {"ESC @", "GS a", "FS .", "ESC R", "ESC t", "ESC a", "ESC E", "ESC -", "GS !", "LF"}

SYMBOL_COMMANDS = {"GS v", "GS k", "GS H", "GS w", "GS h", "GS (", "GS V", "ESC d", "ESC J"}
CONTROL_BYTES = {*range(0x20), 0x7F}


def printed(*blocks, profile=EPSON):
    model = profile_named(profile)
    paper = Interpreter(model.dots, model.codecs)
    for token in Decoder().feed(encode(ReceiptDocument(tuple(blocks)), profile_named(profile))):
        paper.apply(token)
    return paper.tear_off() or paper.receipts[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Crème fraîche € 2,35",
        "Żywiec jasne pełne",
        "Příliš žluťoučký kůň",
        "Привет, молоко",
        "Υγεία και χαρά",
        "Çay bardağı şeker",
        "Ābols ķirbis",
        "£5 or ¥500",
        "# $ @ [ ] { } ~ ^ `",
    ],
)
def test_text_of_many_languages_reaches_the_paper_as_it_was_written(text):
    assert printed(Text(text)).lines == [text]


def test_a_line_in_two_code_pages_is_right_in_both():
    assert printed(Text("Żubr и молоко € ½")).lines == ["Żubr и молоко € ½"]


def test_a_character_that_no_code_page_has_is_spelt_plainer():
    assert printed(Text("№ 5 ﬁg “Ａ１” ㎏"), profile="simple").lines == ['No 5 fig "A1" kg']


def test_arabic_is_drawn_and_the_amount_beside_it_too():
    (picture,) = printed(name_and_amount("خبز عربي", "1.20")).items
    assert isinstance(picture, PrintedImage)
    assert any(picture.data)


def test_an_accent_without_a_letter_is_drawn_alone():
    (picture,) = printed(Text("\u0302", underline=True)).items
    assert any(picture.data)


def test_a_printer_that_draws_nothing_gets_question_marks_instead_of_garbage():
    receipt = printed(Text("خبز 1"), Logo(lines=("Shop",), png=b"x"), QrCode(b"1"), profile="TM-U220")
    assert receipt.lines[0] == "??? 1"
    assert all(isinstance(item, PrintedLine | Feed) for item in receipt.items)


def test_styles_are_set_for_their_line_only():
    receipt = printed(
        Text("TOTAL", bold=True, double_width=True, double_height=True), Text("plain", underline=True)
    )
    total, plain = (line.spans[0].style for line in receipt.items)
    assert (total.bold, total.width, total.height, total.underline) == (True, 2, 2, False)
    assert (plain.bold, plain.width, plain.height, plain.underline) == (False, 1, 1, True)


def test_a_barcode_and_a_qr_code_carry_their_data():
    receipt = printed(
        Barcode("code128", "S1{T2}-0042"), Barcode("ean13", "4006381333931"), QrCode(b"\x00\x1b@\xff")
    )
    assert [(bars.symbology, bars.data) for bars in receipt.barcodes] == [
        ("code128", "S1{T2}-0042"),
        ("ean13", "4006381333931"),
    ]
    assert [code.data for code in receipt.qr_codes] == [b"\x00\x1b@\xff"]


@pytest.mark.parametrize(
    "barcode",
    [
        Barcode("ean13", "4006381333932"),
        Barcode("ean13", "abc"),
        Barcode("code128", "naïve"),
        Barcode("code128", "a\x1bb"),
        Barcode("code128", ""),
    ],
)
def test_data_that_a_barcode_cannot_carry_is_printed_as_text_only(barcode):
    receipt = printed(barcode)
    assert not receipt.barcodes
    assert receipt.lines == [barcode.data.replace("\x1b", "")]


def test_a_barcode_too_long_for_the_paper_becomes_a_qr_code():
    receipt = printed(Barcode("code128", "A-RATHER-LONG-RECEIPT-NUMBER"), profile="star-mc-print2")
    assert receipt.qr_codes[0].data == b"A-RATHER-LONG-RECEIPT-NUMBER"


def test_a_printer_without_native_symbols_gets_them_as_pictures():
    receipt = printed(Barcode("ean13", "4006381333931"), QrCode(b"hello"), profile="POS-5890")
    assert len([item for item in receipt.items if isinstance(item, PrintedImage)]) == 2


def test_a_logo_is_drawn_from_a_png():
    stored = io.BytesIO()
    Image.new("RGBA", (900, 100), (0, 0, 0, 255)).save(stored, "PNG")
    (picture,) = printed(Logo(png=stored.getvalue())).items
    assert (picture.width_dots, picture.height, picture.align) == (576, 64, "center")


def test_a_logo_that_claims_to_be_enormous_is_printed_as_its_text():
    """A few bytes that would unpack to gigabytes: no receipt may fail of them."""
    stored = io.BytesIO()
    Image.new("1", (8, 8)).save(stored, "PNG")
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + stored.getvalue()[24:29]
    png = stored.getvalue()[:12] + header + zlib.crc32(header).to_bytes(4, "big") + stored.getvalue()[33:]
    assert printed(Logo(lines=("Corner Shop",), png=png)).lines == ["Corner Shop"]


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_logo_prints_the_same_with_and_without_a_layer_that_hides_nothing(mode):
    rings = Image.merge("RGB", [Image.radial_gradient("L").rotate(turn) for turn in (0, 10, 20)])
    bare, layered = io.BytesIO(), io.BytesIO()
    rings.convert(mode).save(bare, "PNG")
    rings.convert(mode).convert("RGBA").save(layered, "PNG")
    assert logo_dots(bare.getvalue(), 200) == logo_dots(layered.getvalue(), 200)


def test_a_logo_that_is_no_picture_is_printed_as_its_text():
    assert printed(Logo(lines=("Corner Shop",), png=b"<svg/>")).lines == ["Corner Shop"]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_any_receipt_number_survives_the_code_sets_of_code_128(number):
    paper = Interpreter()
    for token in Decoder().feed(commands.code128(number, 2, 72)):
        paper.apply(token)
    assert paper.unfinished.barcodes[0].data == number


@pytest.mark.parametrize(
    "number", ["S01-T02-000123", "12345678", "A1234", "123456A", "A123456B", "1", "12345"]
)
def test_the_width_of_a_barcode_is_known_before_it_is_made(number):
    assert symbols.code128_modules(number) >= len(symbols.bars("code128", number))


def test_a_long_receipt_number_keeps_its_bars_on_narrow_paper():
    receipt = printed(Barcode("code128", "S01-T02-000123"), profile="generic-58")
    assert [(bars.data, bars.module_dots) for bars in receipt.barcodes] == [("S01-T02-000123", 2)]


@pytest.mark.parametrize("byte_count", [1, 14, 15, 84, 85, 331, 332, 1000, 2331])
def test_the_size_of_a_qr_code_is_known_before_it_is_made(byte_count):
    made = segno.make(b"\xfe" * byte_count, error="m", micro=False, boost_error=False, mode="byte")
    assert symbols.qr_modules_wide(byte_count) == made.symbol_size(border=4)[0]


@given(st.binary(min_size=1, max_size=250), st.sampled_from("lmqh"))
@example(b"https://shop.example/r/" + b"x" * 1200, "m")
def test_a_qr_code_is_the_one_that_segno_would_have_chosen(data, level):
    made = segno.make(data, error=level, micro=False, boost_error=False)
    assert qr_rows(data, level) == ["".join(map(str, row)) for row in made.matrix]


def test_more_data_than_a_qr_code_holds_leaves_only_its_caption():
    receipt = printed(QrCode(b"x" * 3000, caption="see the web page"))
    assert not receipt.qr_codes
    assert receipt.lines == ["see the web page"]


def test_an_unknown_printer_model_is_refused_by_name():
    with pytest.raises(UnknownPrinterProfile, match="TM-9000"):
        profile_named("TM-9000")


@pytest.mark.parametrize(
    "profile", ["generic-80", "generic-76", "generic-58", "TM-T88V", "POS-5890", "simple"]
)
def test_every_line_fits_on_the_paper_of_every_model(profile):
    receipt = printed(
        Rule(), name_and_amount("Crème fraîche d’Isigny AOP, pot de 200 g", "1 234,56 €"), profile=profile
    )
    assert len(receipt.lines[0]) == profile_named(profile).columns
    assert all(len(line) <= profile_named(profile).columns for line in receipt.lines)


def test_the_list_of_models_holds_the_common_ones():
    assert {"generic-80", "generic-58", "TM-T88V", "TM-T20II", "POS-5890"} <= set(profile_names())
    makers = {name.split("-")[0] for name in MODELS}
    assert {"epson", "star", "bixolon", "citizen", "xprinter", "sunmi", "generic"} == makers


HAVE_GREEK = {"epson-tm-t20", "epson-tm-t88", "epson-tm-t70", "epson-tm-m30", "epson-tm-p20", "sunmi-58"} | {
    "bixolon-srp-350",
    "bixolon-srp-330",
}
HAVE_TURKISH = {*HAVE_GREEK, "citizen-ct-s310"}


@pytest.mark.parametrize(
    ("text", "models_with_letters"),
    [
        ("Grüße, café, Ñandú, 1 €", set(MODELS)),
        ("Привет, молоко", set(MODELS)),
        ("Żywiec, Příliš žluťoučký", set(MODELS)),
        ("Υγεία και χαρά", HAVE_GREEK | {"xprinter-80"}),
        ("Çay bardağı şeker", HAVE_TURKISH),
        ("שלום", set()),
    ],
)
def test_a_language_is_in_letters_on_models_that_have_them_drawn_on_others_and_never_respelt(
    text, models_with_letters
):
    for name in MODELS:
        receipt = printed(Text(text), profile=name)
        drawn = [item for item in receipt.items if isinstance(item, PrintedImage)]
        if name in models_with_letters:
            assert (receipt.lines, drawn) == ([text], []), name
        else:
            assert (receipt.lines, len(drawn)) == ([], 1), name


def test_the_numbers_of_epsons_code_pages_are_those_of_the_virtual_printer():
    ours = profile_named("epson-tm-t20").codecs
    assert ours.items() <= EPSON_CODE_PAGES.items()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("epson-tm-t20", "TM-T20II"), ("epson-tm-t88", "TM-T88V"), ("citizen-ct-s310", "CT-S651")],
)
def test_where_two_databases_know_a_model_they_agree_on_its_code_pages(ours, theirs):
    numbered = capabilities()["profiles"][theirs]["codePages"]
    encodings = capabilities()["encodings"]
    known = {int(number): encodings[name].get("python_encode") for number, name in numbered.items()}
    compared = 0
    for number, codec in profile_named(ours).codecs.items():
        if known.get(number):
            assert codecs.lookup(known[number]) == codecs.lookup(codec)
            compared += 1
    assert compared >= 8


@pytest.mark.parametrize("name", ["TSP600", "AF-240", "NT-80-V-UL"])
def test_what_is_in_the_database_and_no_esc_pos_printer_is_refused_with_the_reason(name):
    with pytest.raises(UnknownPrinterProfile, match=r"Star|display|not known"):
        profile_named(name)


def test_a_printer_that_may_have_a_knife_feeds_past_it_and_cuts_if_it_can():
    assert encode(ReceiptDocument((Cut(),)), profile_named("generic-58")).endswith(b"\x1bd\x05\x1dV\x01")
    assert encode(ReceiptDocument((Cut(),)), profile_named("xprinter-58")).endswith(b"\x1bd\x05")


def test_the_drawer_pulse_is_the_five_bytes_of_the_manual():
    assert commands.drawer_pulse() == b"\x1bp\x00\x32\x64"
    assert commands.drawer_pulse(1, on_ms=10_000, off_ms=0) == b"\x1bp\x01\xff\x01"
