"""Paints a receipt as it would come out of a thermal printer, one pixel a dot."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hardware.escpos import symbols
from hardware.escpos.paper import (
    FONT_DOTS,
    Feed,
    Printed,
    PrintedBarcode,
    PrintedImage,
    PrintedLine,
    PrintedQr,
    Receipt,
    Span,
    Style,
)
from hardware.escpos.qr_masks import qr_rows
from hardware.escpos.typeface import covering, monospaced

if TYPE_CHECKING:
    from PIL.Image import Image

_PAPER = 253
_INK = 24
_TABLE = 226
_SIDE_DOTS = 32
_EDGE_DOTS = 24
_TOP_DOTS = 40
_TOOTH_DOTS = 8
_FONT_SIZE = {"a": 20, "b": 15}
_CAPTION_DOTS = 28
_SYMBOL_GAP_DOTS = 8


def render(receipt: Receipt) -> Image:
    """The receipt on a light table, its edges torn."""
    return _on_table(paper_picture(receipt), torn=receipt.cut == "torn")


def paper_picture(receipt: Receipt) -> Image:
    """The paper alone, with a margin as real paper has it."""
    from PIL import Image

    strips = [(printed, _height(printed)) for printed in receipt.items]
    height = _TOP_DOTS + sum(dots for _, dots in strips) + _TOP_DOTS
    width = receipt.paper_dots + 2 * _SIDE_DOTS
    paper = Image.new("L", (width, height), _PAPER)
    top = _TOP_DOTS
    for printed, dots in strips:
        _paint(paper, printed, top, receipt.paper_dots)
        top += dots
    return paper


def _height(printed: Printed) -> int:
    match printed:
        case PrintedLine():
            return printed.height_dots
        case PrintedBarcode():
            captions = printed.caption_above + printed.caption_below
            return printed.height_dots + captions * _CAPTION_DOTS + _SYMBOL_GAP_DOTS
        case PrintedQr():
            return len(_matrix(printed)) * printed.module_dots + 2 * _SYMBOL_GAP_DOTS
        case PrintedImage():
            return printed.height * printed.down
        case Feed():
            return printed.dots
        case _:
            return 0


def _paint(paper: Image, printed: Printed, top: int, paper_dots: int) -> None:
    match printed:
        case PrintedLine():
            _paint_line(paper, printed, top, paper_dots)
        case PrintedBarcode():
            _paint_barcode(paper, printed, top, paper_dots)
        case PrintedQr():
            matrix = _matrix(printed)
            picture = _scaled(
                _bits_picture("".join(matrix), len(matrix)), printed.module_dots, printed.module_dots
            )
            _place(paper, picture, printed.align, top + _SYMBOL_GAP_DOTS, paper_dots)
        case PrintedImage():
            _place(
                paper, _scaled(_image(printed), printed.across, printed.down), printed.align, top, paper_dots
            )
        case _:
            pass


def _paint_line(paper: Image, line: PrintedLine, top: int, paper_dots: int) -> None:
    cells = [(character, span.style) for span in line.spans for character in span.text]
    width = sum(FONT_DOTS[style.font][0] * style.width for _, style in cells)
    tallest = max(FONT_DOTS[span.style.font][1] * span.style.height for span in line.spans)
    left = _SIDE_DOTS + line.left_dots + _offset(line.align, width, paper_dots - line.left_dots)
    for character, style in cells:
        glyph = _glyph(character, style)
        paper.paste(glyph, (left, top + tallest - glyph.height))
        left += glyph.width


def _paint_barcode(paper: Image, barcode: PrintedBarcode, top: int, paper_dots: int) -> None:
    caption = PrintedLine((Span(barcode.data, Style()),), barcode.align, 0, _CAPTION_DOTS)
    if barcode.caption_above:
        _paint_line(paper, caption, top, paper_dots)
        top += _CAPTION_DOTS
    try:
        modules = symbols.bars(barcode.symbology, barcode.data)
    except ValueError:
        return  # a real printer prints nothing either when the data is wrong
    picture = _scaled(_bits_picture(modules, len(modules)), barcode.module_dots, barcode.height_dots)
    if picture.width > paper_dots:
        return
    _place(paper, picture, barcode.align, top, paper_dots)
    if barcode.caption_below:
        _paint_line(paper, caption, top + barcode.height_dots + 2, paper_dots)


def _place(paper: Image, picture: Image, align: str, top: int, paper_dots: int) -> None:
    if picture.width > paper_dots:
        picture = picture.crop((0, 0, paper_dots, picture.height))
    paper.paste(picture, (_SIDE_DOTS + _offset(align, picture.width, paper_dots), top))


def _offset(align: str, width: int, room: int) -> int:
    spare = max(0, room - width)
    return {"left": 0, "center": spare // 2, "right": spare}[align]


@lru_cache(maxsize=2048)
def _glyph(character: str, style: Style) -> Image:
    """One character in its cell."""
    from PIL import Image, ImageDraw

    across, down = FONT_DOTS[style.font]
    scale = max(style.width, style.height)
    size = _FONT_SIZE[style.font] * scale
    ink, ground = (_PAPER, _INK) if style.inverse else (_INK, _PAPER)
    cell = Image.new("L", (across * scale, down * scale), ground)
    draw = ImageDraw.Draw(cell)
    font = monospaced(size) if character.isascii() else covering(character, size) or monospaced(size)
    for shift in range(2 if style.bold else 1):
        draw.text((shift, round(down * scale * 0.78)), character, ink, font=font, anchor="ls")
    if style.underline:
        draw.rectangle((0, down * scale - 2, across * scale, down * scale - 1), ink)
    return cell.resize((across * style.width, down * style.height), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def _matrix(code: PrintedQr) -> tuple[str, ...]:
    if not code.data:
        return ()
    try:
        return tuple(qr_rows(code.data, code.level))
    except ValueError:
        return ()


def _bits_picture(bits: str, width: int) -> Image:
    from PIL import Image

    height = len(bits) // width if width else 0
    picture = Image.new("L", (max(1, width), max(1, height)), _PAPER)
    picture.putdata([_INK if bit == "1" else _PAPER for bit in bits])
    return picture


def _image(printed: PrintedImage) -> Image:
    from PIL import Image

    width_bytes = (printed.width_dots + 7) // 8
    size = (printed.width_dots, printed.height)
    if not all(size):
        return Image.new("L", (1, 1), _PAPER)
    data = printed.data.ljust(width_bytes * printed.height, b"\0")
    black = Image.frombytes("1", size, data)
    return black.convert("L").point([_PAPER] * 128 + [_INK] * 128)


def _scaled(picture: Image, across: int, down: int) -> Image:
    from PIL import Image

    return picture.resize((picture.width * across, picture.height * down), Image.Resampling.NEAREST)


def _on_table(paper: Image, *, torn: bool) -> Image:
    """The paper's outline: a toothed edge where the knife or the tear bar was."""
    from PIL import Image, ImageDraw

    width, height = paper.size
    tooth = _TOOTH_DOTS if torn else _TOOTH_DOTS // 2
    outline = [(left, tooth * (left // tooth % 2)) for left in range(0, width + tooth, tooth)]
    bottom = [(left, height - 1 - tooth * (left // tooth % 2)) for left in range(0, width + tooth, tooth)]
    mask = Image.new("L", paper.size, 0)
    ImageDraw.Draw(mask).polygon(outline + bottom[::-1], fill=255)
    table = Image.new("L", (width + 2 * _EDGE_DOTS, height + 2 * _EDGE_DOTS), _TABLE)
    shadow = Image.new("L", paper.size, _TABLE - 24)
    table.paste(shadow, (_EDGE_DOTS + 2, _EDGE_DOTS + 3), mask)
    table.paste(paper, (_EDGE_DOTS, _EDGE_DOTS), mask)
    return table
