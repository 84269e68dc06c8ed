"""Pictures as dots: logos, and lines of text that the printer has no letters for."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from hardware.escpos.typeface import in_fonts
from hardware.printable_text import column_width
from hardware.receipt_layout import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_LINE_DOTS = 30
_BASELINE_DOTS = 20
_FONT_SIZE = 20
_CELL_DOTS = 12  # font A, so that drawn columns stand under printed ones
_TALLEST_LOGO_DOTS = 400
_LARGEST_PNG_PIXELS = 16_000_000
_OPAQUE_MODES = ("1", "L", "RGB")
_SEGMENT = re.compile(r"\S+(?: \S+)*")


class Dots(msgspec.Struct, frozen=True):
    """Rows of `width_bytes` bytes, most significant bit at the left, a set bit is black."""

    width_bytes: int
    height: int
    data: bytes


def drawn_line(line: Line, columns: int, dots: int) -> Dots:
    """One line of text as a picture of the paper's width, each word where the columns put it.

    Letters join and run from right to left where Pillow finds libfribidi.
    """
    from PIL import Image, ImageDraw

    cell = min(_CELL_DOTS, dots // columns)
    size = 2 if line.double_width or line.double_height else 1
    stretch = 2 if line.double_width else 1
    picture = Image.new("L", (dots // stretch, _LINE_DOTS), 0)
    draw = ImageDraw.Draw(picture)
    left = _start_column(line, columns // stretch) * cell
    for match in _SEGMENT.finditer(line.text):
        before = column_width(line.text[: match.start()])
        room = max(1, column_width(match.group())) * cell  # an accent without a letter still takes a place
        _draw_segment(picture, match.group(), left + before * cell, room, line.bold)
    if line.underline:
        draw.line((left, _LINE_DOTS - 3, left + column_width(line.text) * cell, _LINE_DOTS - 3), 255, 2)
    if size > 1:
        picture = picture.resize((dots, _LINE_DOTS * (2 if line.double_height else 1)))
    return dots_of(picture)


@lru_cache(maxsize=4)
def logo_dots(png: bytes, dots: int) -> Dots | None:
    """A PNG shrunk to the paper, or None when it isn't a picture that we can read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
            if opened.width * opened.height > _LARGEST_PNG_PIXELS:
                return None
            picture = _on_white(opened)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
    scale = min(1.0, dots / picture.width, _TALLEST_LOGO_DOTS / picture.height)
    if scale < 1.0:
        picture = picture.resize((max(1, int(picture.width * scale)), max(1, int(picture.height * scale))))
    from PIL import ImageOps

    return dots_of(ImageOps.invert(picture), dither=True)


def bar_dots(modules: str, module_dots: int, height: int) -> Dots:
    return _scaled([modules], module_dots, height)


def matrix_dots(rows: Sequence[str], module_dots: int) -> Dots:
    return _scaled(rows, module_dots, module_dots)


def dots_of(picture: Image, *, dither: bool = False) -> Dots:
    """A grey picture (255 is black) as dots."""
    from PIL import Image

    black = picture.convert("1", dither=Image.Dither.FLOYDSTEINBERG if dither else Image.Dither.NONE)
    return Dots((picture.width + 7) // 8, picture.height, black.tobytes())


def _draw_segment(picture: Image, text: str, left: int, room: int, bold: bool) -> None:
    from PIL import Image, ImageDraw

    pieces = in_fonts(text, _FONT_SIZE)
    widths = [font.getlength(piece) for piece, font in pieces]
    strip = Image.new("L", (max(1, round(sum(widths))) + 2, _LINE_DOTS), 0)
    draw = ImageDraw.Draw(strip)
    at = 0.0
    for (piece, font), width in zip(pieces, widths, strict=True):
        for shift in (0, 1) if bold else (0,):
            draw.text((at + shift, _BASELINE_DOTS), piece, 255, font=font, anchor="ls")
        at += width
    if strip.width > room + 2:
        strip = strip.resize((room, _LINE_DOTS))
    picture.paste(strip, (left, 0))


def _start_column(line: Line, columns: int) -> int:
    spare = max(0, columns - column_width(line.text))
    return {"left": 0, "center": spare // 2, "right": spare}[line.align]


def _on_white(picture: Image) -> Image:
    from PIL import Image

    if picture.mode in _OPAQUE_MODES and not picture.has_transparency_data:
        return picture.convert("L")
    coloured = picture.convert("RGBA")
    white = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, coloured).convert("L")


def _scaled(rows: Sequence[str], across: int, down: int) -> Dots:
    """Rows of modules, '1' is black."""
    width = len(rows[0]) * across
    width_bytes = (width + 7) // 8
    data = bytearray()
    for row in rows:
        bits = row.replace("0", "0" * across).replace("1", "1" * across)
        data += int(bits.ljust(width_bytes * 8, "0"), 2).to_bytes(width_bytes, "big") * down
    return Dots(width_bytes, len(rows) * down, bytes(data))
