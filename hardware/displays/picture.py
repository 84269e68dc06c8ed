"""What stands on a line display, as a picture: bright letters on dark glass."""

from __future__ import annotations

import io

from hardware.displays.base import COLUMNS
from hardware.escpos.typeface import monospaced

_CELL, _LINE, _EDGE, _SIZE = 22, 44, 24, 34
_GLASS, _FRAME, _UNLIT, _LIT = "#0b1412", "#2a3035", "#12211d", "#5ff2d0"


def png_of(lines: tuple[str, str]) -> bytes:
    from PIL import Image, ImageDraw

    width, height = COLUMNS * _CELL + 2 * _EDGE, 2 * _LINE + 2 * _EDGE
    image = Image.new("RGB", (width, height), _FRAME)
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, width - 9, height - 9), fill=_GLASS)
    face = monospaced(_SIZE)
    for row, line in enumerate(lines):
        for column, letter in enumerate(line[:COLUMNS]):
            left, top = _EDGE + column * _CELL, _EDGE + row * _LINE
            draw.rectangle((left + 1, top + 1, left + _CELL - 2, top + _LINE - 4), fill=_UNLIT)
            draw.text((left + 1, top - 1), letter, font=face, fill=_LIT)
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()
