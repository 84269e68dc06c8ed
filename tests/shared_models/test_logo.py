"""Which pictures go to the tills as a shop's logo."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from shared_models.logo import BadLogo, refuse_bad_logo


def png(width: int, height: int, mode: str = "1") -> bytes:
    stored = io.BytesIO()
    Image.new(mode, (width, height)).save(stored, "PNG")
    return stored.getvalue()


@pytest.mark.parametrize("logo", [b"", png(1, 1), png(576, 200), png(2000, 2000), png(300, 100, "RGBA")])
def test_a_picture_that_paper_can_carry_is_taken(logo: bytes) -> None:
    refuse_bad_logo(logo)


@pytest.mark.parametrize(
    ("logo", "says"),
    [
        (b"<svg/>", "no whole PNG"),
        (png(10, 10)[:-1], "no whole PNG"),
        (png(10, 10)[:20], "no whole PNG"),
        (png(10, 10).replace(b"IDAT", b"IDAX"), "no whole PNG"),
        (png(10, 10) + b"more", "no whole PNG"),
        (png(2001, 1), "2000 dots"),
        (b"\x89PNG" + bytes(65 * 1024), "64 kB"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(logo: bytes, says: str) -> None:
    with pytest.raises(BadLogo, match=says):
        refuse_bad_logo(logo)
