"""The fonts that text is drawn with when a printer has no letters for it, and on the virtual paper."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from shared_models.errors import ShopError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_NO_SUCH_CHARACTER = "\U0010fffe"
_NOTO_SCRIPTS = (
    "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam",
    "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Ethiopic", "Armenian", "Georgian", "Hebrew", "Arabic",
)  # fmt: skip
# Fonts for scripts that the monospaced one lacks, where the system has them.
_SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    *(f"/usr/share/fonts/truetype/noto/NotoSans{script}-Regular.ttf" for script in _NOTO_SCRIPTS),
    "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
    "C:/Windows/Fonts/segoeui.ttf",
    "C:/Windows/Fonts/msgothic.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/Nirmala.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)


class NoTypeface(ShopError):
    """The font that comes with python-barcode is gone."""

    code: ClassVar[str] = "no_typeface"


def monospaced(size: int) -> FreeTypeFont:
    """DejaVu Sans Mono from the python-barcode package, which python-escpos brings: the same everywhere."""
    return _font(str(_monospaced_path()), size)


def covering(text: str, size: int) -> FreeTypeFont | None:
    """A font that has every character of `text`, or None."""
    for path in _available_paths():
        if all(_has_glyph(path, character) for character in text):
            return _font(path, size)
    return None


def in_fonts(text: str, size: int) -> list[tuple[str, FreeTypeFont]]:
    """`text` as pieces, from left to right as they are seen, each with a font that has it.

    One font for all of it where there is one, since only inside a piece letters join and turn around.
    """
    whole = covering(text, size)
    if whole is not None:
        return [(text, whole)]
    pieces: list[tuple[str, str]] = []
    for character in text:
        path = pieces[-1][1] if pieces and _goes_on(pieces[-1][1], character) else _path_for(character)
        if pieces and pieces[-1][1] == path:
            pieces[-1] = (pieces[-1][0] + character, path)
        else:
            pieces.append((character, path))
    if _runs_right_to_left(text):
        pieces.reverse()
    return [(piece, _font(path, size)) for piece, path in pieces]


def _goes_on(path: str, character: str) -> bool:
    return unicodedata.category(character)[0] in "MC" or _has_glyph(path, character)


def _path_for(character: str) -> str:
    found = (path for path in _available_paths() if _has_glyph(path, character))
    return next(found, str(_monospaced_path()))


def _runs_right_to_left(text: str) -> bool:
    """By its first letter that has a direction, as the bidirectional algorithm takes a paragraph's."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def can_draw(character: str) -> bool:
    return any(_has_glyph(path, character) for path in _available_paths())


@lru_cache(maxsize=1)
def _available_paths() -> tuple[str, ...]:
    return (str(_monospaced_path()), *(path for path in _SYSTEM_FONTS if Path(path).is_file()))


@lru_cache(maxsize=1)
def _monospaced_path() -> Path:
    spec = find_spec("barcode")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "fonts" / "DejaVuSansMono.ttf"
        if path.is_file():
            return path
    raise NoTypeface("The font for receipts is missing. Install the python-barcode package again.")


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(path, size)


@lru_cache(maxsize=4096)
def _has_glyph(path: str, character: str) -> bool:
    if character.isspace():
        return True
    return _mask(path, character) != _mask(path, _NO_SUCH_CHARACTER)


@lru_cache(maxsize=4096)
def _mask(path: str, character: str) -> bytes:
    from PIL import ImageFont

    plain = ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = plain.getbbox(character)
    return bytes(f"{left},{top},{right},{bottom};", "ascii") + bytes(plain.getmask(character))
