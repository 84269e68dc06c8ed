"""Whatever stands in whatever field of a receipt, the printer gets the layout's commands and no other."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.escpos import encoder
from hardware.escpos.decoder import Characters, Command, Decoder, Unknown
from hardware.escpos.encoder import encode
from hardware.escpos.models import MODELS
from hardware.escpos.profile import profile_named
from hardware.escpos.real_time import RealTimeWatch
from hardware.escpos.text_encoding import encoded
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
)
from tests.effort import examples

STYLE = {"ESC @", "GS a", "FS .", "ESC R", "ESC t", "ESC a", "ESC E", "ESC -", "GS !", "LF"}
SYMBOLS = {"GS v", "GS k", "GS H", "GS w", "GS h", "GS (", "ESC J"}
CUTTING = {"GS V", "ESC d"}
CONTROL_BYTES = {*range(0x20), 0x7F}
OPENS_THE_DRAWER = "\x1bp\x00\x32\x64"
OPENS_IT_AT_ONCE = "\x10\x14\x01\x00\x01"

PULSE_IN_DIGITS = "1620010001"  # packed two to a byte, as Code 128 does: 10 14 01 00 01


def picture_of(data: bytes) -> bytes:
    """A PNG of black and white dots, eight of them a byte of `data`, in one row."""
    stored = io.BytesIO()
    dots = Image.frombytes("1", (len(data) * 8, 1), bytes(byte ^ 0xFF for byte in data))
    dots.save(stored, format="PNG")
    return stored.getvalue()


anything = st.text(st.characters(exclude_categories=()), max_size=60)
hostile = st.lists(
    st.one_of(
        anything,
        st.sampled_from(
            [
                OPENS_THE_DRAWER,
                OPENS_IT_AT_ONCE,
                "\x1b@",
                "\x1dV\x00",
                "\x1c&",
                "\x00",
                "\x10\x04\x01",
                "\n",
                "{A",
            ]
        ),
    ),
    max_size=4,
).map("".join)
alignment = st.sampled_from(["left", "center", "right"])
blocks = st.one_of(
    st.builds(
        Text,
        hostile,
        align=alignment,
        bold=st.booleans(),
        double_width=st.booleans(),
        double_height=st.booleans(),
        underline=st.booleans(),
    ),
    st.builds(
        Columns,
        st.lists(
            st.builds(Cell, hostile, align=alignment, width=st.integers(0, 60), weight=st.integers(0, 3)),
            max_size=4,
        ).map(tuple),
        bold=st.booleans(),
        double_width=st.booleans(),
    ),
    st.builds(Logo, st.lists(hostile, max_size=2).map(tuple), png=st.binary(max_size=40)),
    st.builds(
        Logo,
        png=st.lists(st.sampled_from(b"\x10\x04\x05\x14\x01\x00\x08"), min_size=1, max_size=48).map(
            picture_of
        ),
    ),
    st.builds(Barcode, st.sampled_from(["code128", "ean13"]), hostile, caption=hostile),
    st.builds(Barcode, st.just("code128"), st.text("016452 8", max_size=24)),
    st.builds(QrCode, st.binary(max_size=80), module_dots=st.integers(-3, 40), caption=hostile),
    st.builds(Rule, st.booleans()),
    st.builds(Blank, st.integers(-2, 5)),
)
documents = st.lists(blocks, max_size=6).map(lambda made: ReceiptDocument((*made, Cut())))


class RecordingCollector:
    """In place of python-escpos' collector: keeps every piece that the encoder sends, one by one."""

    def __init__(self):
        self.pieces = []

    @property
    def output(self):
        return b"".join(self.pieces)

    def _raw(self, piece):
        self.pieces.append(piece)


@pytest.fixture(scope="module")
def pieces_of():
    """The pieces of a document, as the encoder issues them."""
    patch = pytest.MonkeyPatch()
    made = []

    def collector():
        made.append(RecordingCollector())
        return made[-1]

    patch.setattr(encoder, "_collector", collector)

    def pieces(document, profile):
        encode(document, profile)
        return made[-1].pieces

    yield pieces
    patch.undo()


@settings(max_examples=examples(150))
@given(documents, st.sampled_from([*MODELS, "POS-5890", "TM-U220"]))
@example(ReceiptDocument((Text(OPENS_THE_DRAWER), Cut())), "generic-80")
@example(ReceiptDocument((Barcode("code128", OPENS_IT_AT_ONCE, caption="\x1b@"), Cut())), "generic-58")
@example(ReceiptDocument((Barcode("code128", PULSE_IN_DIGITS), Cut())), "generic-80")
@example(ReceiptDocument((QrCode(OPENS_IT_AT_ONCE.encode()), Cut())), "generic-80")
@example(ReceiptDocument((Logo(png=picture_of(OPENS_IT_AT_ONCE.encode())), Cut())), "generic-80")
def test_no_text_in_any_field_ever_becomes_a_command(pieces_of, document, model):
    pieces = pieces_of(document, profile_named(model))
    whole = Decoder().feed(b"".join(pieces))
    piece_by_piece = [token for piece in pieces for token in decoded_alone(piece)]
    assert joined(whole) == joined(piece_by_piece)

    assert RealTimeWatch().feed(b"".join(pieces)) == []

    assert not [token for token in whole if isinstance(token, Unknown)]
    printed = b"".join(token.data for token in whole if isinstance(token, Characters))
    assert not set(printed) & CONTROL_BYTES
    names = [token.name for token in whole if isinstance(token, Command)]
    assert set(names) <= STYLE | SYMBOLS | CUTTING
    assert names.count("ESC @") == 1
    knife = [token.parameters for token in whole if isinstance(token, Command) and token.name == "GS V"]
    assert knife == {"yes": [b"B\x00"], "perhaps": [b"\x01"], "no": []}[profile_named(model).cutter]


def decoded_alone(piece):
    """A piece is a whole: nothing before or after it can be part of its commands."""
    decoder = Decoder()
    tokens = decoder.feed(piece)
    assert decoder.waiting == b""
    return tokens


def joined(tokens):
    """Characters side by side are one run, however they were sent."""
    runs = []
    for token in tokens:
        if runs and isinstance(token, Characters) and isinstance(runs[-1], Characters):
            runs[-1] = Characters(runs[-1].data + token.data)
        else:
            runs.append(token)
    return runs


@given(hostile, st.sampled_from(list(MODELS)))
def test_even_text_that_nobody_cleaned_is_encoded_without_control_bytes(text, model):
    """The last gate, by itself: between it and the wire text passes nothing else."""
    for run in encoded(text, profile_named(model), None):
        assert not set(run.data) & CONTROL_BYTES
        assert run.data.isascii() or run.page is not None
