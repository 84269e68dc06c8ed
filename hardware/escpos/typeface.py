"""The fonts that text is drawn with when a printer has no letters for it, and on the virtual paper."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from shared_models.errors import ShopError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_NO_SUCH_CHARACTER = "\U0010fffe"
# Fonts for scripts that the monospaced one lacks, where the system has them.
_SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
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
