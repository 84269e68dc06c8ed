"""What decoded commands leave on the paper: lines, symbols and pictures, cut into receipts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import msgspec

from hardware.receipt_document import Align

LINE_SPACING_DOTS = 30
FONT_DOTS = {"a": (12, 24), "b": (9, 17)}


class Style(msgspec.Struct, frozen=True):
    """How a character looks; `width` and `height` are multiples."""

    bold: bool = False
    underline: bool = False
    inverse: bool = False
    width: int = 1
    height: int = 1
    font: Literal["a", "b"] = "a"


class Span(msgspec.Struct, frozen=True):
    text: str
    style: Style


class PrintedLine(msgspec.Struct, frozen=True, tag="line"):
    """A line of text; `height_dots` is how far the paper moved."""

    spans: tuple[Span, ...]
    align: Align
    left_dots: int
    height_dots: int

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


class PrintedBarcode(msgspec.Struct, frozen=True, tag="barcode"):
    """Bars; `symbology` as python-barcode names it, or the number in the command when nobody knows it."""

    symbology: str
    data: str
    align: Align
    module_dots: int
    height_dots: int
    caption_above: bool = False
    caption_below: bool = False


class PrintedQr(msgspec.Struct, frozen=True, tag="qr"):
    data: bytes
    level: Literal["l", "m", "q", "h"]
    module_dots: int
    align: Align


class PrintedImage(msgspec.Struct, frozen=True, tag="image"):
    """Rows of dots, most significant bit at the left, set bits black; each `across` by `down` dots large."""

    width_dots: int
    height: int
    data: bytes
    align: Align
    across: int = 1
    down: int = 1


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    dots: int


class UnknownCommand(msgspec.Struct, frozen=True, tag="unknown"):
    """Bytes that no command of ours begins with; a real printer would have printed or swallowed them."""

    raw: bytes


class Pulse(msgspec.Struct, frozen=True, tag="pulse"):
    """The drawer's line was driven."""

    pin: int
    on_ms: int
    off_ms: int


Printed = PrintedLine | PrintedBarcode | PrintedQr | PrintedImage | Feed | UnknownCommand | Pulse


class Receipt(msgspec.Struct, frozen=True):
    """What fell off the knife."""

    items: tuple[Printed, ...]
    paper_dots: int
    cut: Literal["full", "partial", "torn"] = "torn"

    @property
    def lines(self) -> list[str]:
        """The text lines from top to bottom; empty ones count, drawn ones (pictures) don't."""
        texts = []
        for printed in self.items:
            if isinstance(printed, PrintedLine):
                texts.append(printed.text.rstrip())
            elif isinstance(printed, Feed):
                texts.extend([""] * (printed.dots // LINE_SPACING_DOTS))
        return texts

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def barcodes(self) -> list[PrintedBarcode]:
        return [printed for printed in self.items if isinstance(printed, PrintedBarcode)]

    @property
    def qr_codes(self) -> list[PrintedQr]:
        return [printed for printed in self.items if isinstance(printed, PrintedQr)]

    @property
    def unknown(self) -> list[bytes]:
        return [printed.raw for printed in self.items if isinstance(printed, UnknownCommand)]

    def png(self) -> bytes:
        """The receipt painted as a thermal printer would, one pixel a dot."""
        from hardware.escpos.rendering import render

        stored = io.BytesIO()
        render(self).save(stored, format="PNG")
        return stored.getvalue()

    def render_png(self, path: Path) -> None:
        path.write_bytes(self.png())
