"""What stands on a receipt, as frozen values that go through the print spool as bytes."""

from __future__ import annotations

from typing import Literal

import msgspec

Align = Literal["left", "center", "right"]
Symbology = Literal["code128", "ean13"]


class Text(msgspec.Struct, frozen=True, tag="text"):
    """One paragraph; it wraps between words, and a line feed in it starts a new line."""

    text: str
    align: Align = "left"
    bold: bool = False
    double_width: bool = False
    double_height: bool = False
    underline: bool = False


class Cell(msgspec.Struct, frozen=True):
    """A cell of `Columns`: `width` fixes its columns, `weight` shares what is left, neither fits the text.

    Text that is longer than its cell wraps. A right-aligned cell (an amount) is never narrower than its text.
    """

    text: str
    align: Align = "left"
    width: int = 0
    weight: int = 0


class Columns(msgspec.Struct, frozen=True, tag="columns"):
    """Cells side by side. When the amounts leave no room, the first cell gets lines of its own above them."""

    cells: tuple[Cell, ...]
    bold: bool = False
    double_width: bool = False
    double_height: bool = False
    underline: bool = False


class Rule(msgspec.Struct, frozen=True, tag="rule"):
    """A line across the paper."""

    double: bool = False


class Blank(msgspec.Struct, frozen=True, tag="blank"):
    """Empty lines."""

    lines: int = 1


class Logo(msgspec.Struct, frozen=True, tag="logo"):
    """The shop's mark: a PNG, or, where that is empty or can't be read, lines in large centred type."""

    lines: tuple[str, ...] = ()
    png: bytes = b""


class Barcode(msgspec.Struct, frozen=True, tag="barcode"):
    """Bars with `caption` below them (the data itself when it is empty).

    Data that the symbology can't carry is printed as text only: a receipt is worth more than its bars.
    """

    symbology: Symbology
    data: str
    caption: str = ""
    height_dots: int = 72


class QrCode(msgspec.Struct, frozen=True, tag="qr"):
    """A QR code; `module_dots` is the wanted size of a module and shrinks until the code fits the paper."""

    data: bytes
    module_dots: int = 4
    caption: str = ""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Feed past the knife and cut."""


Block = Text | Columns | Rule | Blank | Logo | Barcode | QrCode | Cut


class ReceiptDocument(msgspec.Struct, frozen=True):
    """A receipt from top to bottom. The cash drawer is no part of it: another device, another reason."""

    blocks: tuple[Block, ...]


def name_and_amount(
    name: str,
    amount: str,
    *,
    bold: bool = False,
    double_width: bool = False,
    double_height: bool = False,
) -> Columns:
    """The commonest line of a receipt: a name that may wrap, and an amount at the right edge."""
    cells = (Cell(name, weight=1), Cell(amount, align="right"))
    return Columns(cells, bold=bold, double_width=double_width, double_height=double_height)


def encode_document(document: ReceiptDocument) -> bytes:
    """JSON bytes for the print spool; the same document always gives the same bytes."""
    return _ENCODER.encode(document)


def decode_document(data: bytes) -> ReceiptDocument:
    """Raises msgspec.ValidationError or msgspec.DecodeError for bytes that `encode_document` did not make."""
    return _DECODER.decode(data)


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(ReceiptDocument)
