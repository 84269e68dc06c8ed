"""A shop's logo for its receipts: a PNG small enough to go to every till with the store's settings."""

from __future__ import annotations

import struct
import zlib
from typing import ClassVar

from shared_models.errors import ShopError

LARGEST_BYTES = 64 * 1024
MOST_DOTS = 2000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class BadLogo(ShopError):
    """The bytes are no picture that a receipt printer could draw."""

    code: ClassVar[str] = "bad_logo"


def refuse_bad_logo(png: bytes) -> None:
    """Raises BadLogo, which says what to do. None at all is none."""
    if not png:
        return
    if len(png) > LARGEST_BYTES:
        raise BadLogo(f"A logo has at most {LARGEST_BYTES // 1024} kB. Save it smaller, in black and white.")
    if not _is_whole(png):
        raise BadLogo("This is no whole PNG picture. Save the logo as PNG and give it again.")
    width, height = struct.unpack_from(">II", png, 16)
    if not (0 < width <= MOST_DOTS and 0 < height <= MOST_DOTS):
        raise BadLogo(
            f"A logo is at most {MOST_DOTS} dots wide and high. Save it smaller; paper has 384 or 576."
        )


def _is_whole(png: bytes) -> bool:
    """Chunk by chunk, each with its checksum, from IHDR to IEND (PNG, second edition, 5.3)."""
    if not png.startswith(_SIGNATURE):
        return False
    kinds, at = [], len(_SIGNATURE)
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        body, end = png[at + 4 : at + 8 + size], at + 12 + size
        if end > len(png) or struct.unpack_from(">I", png, end - 4)[0] != zlib.crc32(body):
            return False
        kinds.append(body[:4])
        at = end
    return at == len(png) and kinds[:1] == [b"IHDR"] and kinds[-1] == b"IEND" and b"IDAT" in kinds
