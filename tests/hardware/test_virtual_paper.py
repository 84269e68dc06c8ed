"""The decoder and the paper of the virtual printer, checked with streams and readers that are not ours."""

import json
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from hardware.escpos import commands
from hardware.escpos.decoder import LARGEST_PAYLOAD, Characters, Command, Decoder, Unknown
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.paper import PrintedBarcode, PrintedImage, PrintedLine, PrintedQr, Pulse
from hardware.escpos.profile import profile_named
from hardware.receipt_document import (
    Barcode,
    Blank,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Rule,
    name_and_amount,
)
from tests.effort import examples

GOLDEN = Path(__file__).parent / "golden"
VECTORS = json.loads((GOLDEN / "unit_vectors.json").read_text(encoding="utf-8"))
DOCUMENT = ReceiptDocument(
    (
        Logo(lines=("Corner Shop",)),
        Rule(),
        name_and_amount("Crème fraîche", "€ 1.20"),
        name_and_amount("خبز عربي", "€ 0.90"),
        name_and_amount("TOTAL", "€ 2.10", bold=True, double_width=True, double_height=True),
        Blank(),
        Barcode("code128", "S1-T1-000123"),
        Blank(),
        Barcode("ean13", "4006381333931"),
        Blank(),
        QrCode(b"https://example.test/r/S1-T1-000123?h=9f8e7d6c5b4a", module_dots=5),
        Cut(),
    )
)


def printed(*streams, paper_dots=576):
    paper, decoder = Interpreter(paper_dots), Decoder()
    for stream in streams:
        for token in decoder.feed(stream):
            paper.apply(token)
    assert decoder.waiting == b""
    return paper


def items(stream):
    return printed(stream).unfinished.items


@pytest.mark.parametrize("name", ["text-size", "barcode", "margins-and-spacing"])
def test_streams_of_another_library_are_understood_whole(name):
    (receipt,) = printed((GOLDEN / f"{name}.bin").read_bytes()).receipts
    assert receipt.unknown == []
    assert receipt.cut == "full"


def test_every_size_of_another_librarys_stream_is_seen():
    (receipt,) = printed((GOLDEN / "text-size.bin").read_bytes()).receipts
    first = next(item for item in receipt.items if isinstance(item, PrintedLine) and item.text == "12345678")
    assert [(span.style.width, span.style.height) for span in first.spans] == [(n, n) for n in range(1, 9)]
    assert receipt.lines[receipt.lines.index("Hello") + 1] == "world!"


def test_barcodes_of_another_librarys_stream_are_read():
    (receipt,) = printed((GOLDEN / "barcode.bin").read_bytes()).receipts
    assert [code.data for code in receipt.barcodes if code.symbology == "code128"] == [
        "012ABCD",
        "012ABCDabcd",
        "213243",
    ]
    assert [code.height_dots for code in receipt.barcodes[1:7]] == [1, 2, 4, 8, 16, 32]
    assert [code.module_dots for code in receipt.barcodes[7:15]] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["test"] for vector in VECTORS])
def test_calls_of_another_library_are_understood_whole(vector):
    decoder = Decoder()
    tokens = decoder.feed(bytes.fromhex(vector["expected_hex"]))
    assert not [token for token in tokens if isinstance(token, Unknown)]
    assert decoder.waiting == b""


@pytest.mark.parametrize("profile", ["generic-80", "generic-58", "POS-5890"])
def test_a_scanner_reads_the_symbols_off_the_painted_paper(tmp_path, profile):
    stream = encode(DOCUMENT, profile_named(profile))
    paper = printed(stream, paper_dots=profile_named(profile).dots)
    receipt = paper.tear_off() or paper.receipts[-1]
    receipt.render_png(tmp_path / "receipt.png")
    with Image.open(tmp_path / "receipt.png") as picture:
        read = {(code.format.name, code.text) for code in zxingcpp.read_barcodes(picture)}
    assert ("Code128", "S1-T1-000123") in read
    assert ("EAN13", "4006381333931") in read
    assert ("QRCode", "https://example.test/r/S1-T1-000123?h=9f8e7d6c5b4a") in read


@settings(max_examples=examples(25))
@given(st.lists(st.integers(1, 400), max_size=60))
def test_bytes_may_arrive_split_anywhere(sizes):
    stream = encode(DOCUMENT, profile_named("generic-80"))
    pieces, rest = [], stream
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert printed(*pieces, rest).receipts == printed(stream).receipts


@settings(max_examples=examples(100))
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=12), st.sampled_from([b"\x1b", b"\x1d", b"\x1dk", b"\x1d(k", b"\x10\x04"])
        )
    )
)
def test_no_rubbish_ever_breaks_the_printer(pieces):
    paper, decoder = Interpreter(), Decoder()
    for token in decoder.feed(b"".join(pieces)):
        paper.apply(token)
    paper.tear_off()


def test_no_byte_is_lost_between_text_and_unknown():
    assert Decoder().feed(b"a\x00b\x1b\x01c\x7f") == [
        Characters(b"a"),
        Unknown(b"\x00"),
        Characters(b"b"),
        Unknown(b"\x1b\x01"),
        Characters(b"c"),
        Unknown(b"\x7f"),
    ]


def test_a_command_that_claims_more_than_any_printer_holds_is_not_waited_for():
    decoder = Decoder()
    tokens = decoder.feed(b"\x1dv0\x00\xff\xff\xff\xff" + b"after\n")
    assert tokens[0] == Unknown(b"\x1dv")
    assert decoder.waiting == b""
    assert LARGEST_PAYLOAD < 0xFFFF * 0xFFFF


def test_text_in_the_pages_of_the_manual_is_told_apart():
    stream = b"\x1bt\x10\x80 \x1bt\x13\xd5 \x1bt\x12\xbd \x1bt\x11\x8f\n"
    assert items(stream)[0].text == "€ € Ż П"


def test_chinese_byte_pairs_are_read_in_chinese_mode_only():
    assert items(b"\x1c&\xca\xbe\xc0\xfd\x1c.\x82\n")[0].text == "示例é"


def test_a_line_longer_than_the_paper_goes_on_below():
    assert [line.text for line in items(b"x" * 50 + b"\n")] == ["x" * 48, "xx"]


def test_modes_of_one_byte_set_what_they_say():
    (line,) = items(b"\x1b!\xb9big\n")
    style = line.spans[0].style
    assert (style.font, style.bold, style.height, style.width, style.underline) == ("b", True, 2, 2, True)


def test_initialising_puts_every_setting_back():
    first, second = items(b"\x1ba\x02\x1bE\x01\x1d!\x11\x1dB\x01x\n\x1b@y\n")
    assert first.align == "right"
    assert first.spans[0].style.inverse
    assert (second.align, second.spans[0].style) == ("left", type(second.spans[0].style)())


@pytest.mark.parametrize(
    ("stream", "cut"),
    [
        (b"\x1dV\x00", "full"),
        (b"\x1dV\x01", "partial"),
        (b"\x1dV0", "full"),
        (b"\x1dV1", "partial"),
        (b"\x1dVA\x10", "full"),
        (b"\x1dVB\x00", "partial"),
        (b"\x1bi", "full"),
        (b"\x1bm", "partial"),
    ],
)
def test_every_way_to_cut_ends_a_receipt(stream, cut):
    paper = printed(b"one\n" + stream + b"two\n")
    assert [receipt.cut for receipt in paper.receipts] == [cut]
    assert paper.receipts[0].lines[0] == "one"
    assert paper.unfinished.lines == ["two"]


def test_both_ways_to_send_a_barcode_are_read():
    older, newer = items(b"\x1dk\x024006381333931\x00\x1dkC\x0d4006381333931")
    assert (older.symbology, older.data) == (newer.symbology, newer.data) == ("ean13", "4006381333931")


def test_a_barcode_shows_its_number_where_it_was_told():
    (code,) = items(b"\x1dH\x03\x1dh\x50\x1dw\x02\x1dkI\x05{BABC")
    assert code == PrintedBarcode("code128", "ABC", "left", 2, 80, True, True)


def test_a_qr_code_is_stored_and_then_printed():
    (code,) = items(commands.align("center") + commands.qr(b"hello", 6))
    assert code == PrintedQr(b"hello", "m", 6, "center")


def test_pictures_sent_in_three_ways_are_the_same_picture():
    raster = items(b"\x1dv0\x00\x01\x00\x08\x00" + b"\xff" + b"\x81" * 6 + b"\xff")[0]
    graphics = items(b"\x1d(L\x12\x000p0\x01\x011\x08\x00\x08\x00" + raster.data + b"\x1d(L\x02\x0002")[0]
    columns = items(b"\x1b*\x01\x08\x00" + b"\xff" + b"\x81" * 6 + b"\xff" + b"\n")[0]
    assert isinstance(raster, PrintedImage)
    assert raster.data == graphics.data == columns.data
    assert (columns.down, raster.down) == (3, 1)


def test_pulses_are_seen_in_both_forms():
    assert printed(b"\x1bp\x00\x32\x64\x10\x14\x01\x01\x02").pulses == [
        Pulse(0, 100, 200),
        Pulse(1, 200, 200),
    ]


def test_questions_and_settings_that_print_nothing_are_read_over():
    stream = b"\x1da\xff\x1dr\x01\x1dI\x43\x1bR\x00\x1b=\x01\x1dP\xb4\xb4\x1bc5\x00\x1b{\x01\x1dL\x10\x00"
    tokens = Decoder().feed(stream)
    assert all(isinstance(token, Command) for token in tokens)
    assert len(tokens) == 9
    assert items(stream) == ()


def test_bold_inverse_and_size_change_what_is_painted(tmp_path):
    pictures = []
    for number, style in enumerate((b"", b"\x1bE\x01", b"\x1dB\x01", b"\x1d!\x11", b"\x1b-\x01")):
        path = tmp_path / f"{number}.png"
        printed(b"\x1b@" + style + b"Shop\n\x1dV\x00").receipts[0].render_png(path)
        with Image.open(path) as opened:
            pictures.append(opened.crop((0, 0, 600, 120)))
    assert all(ImageChops.difference(pictures[0], other).getbbox() is not None for other in pictures[1:])
