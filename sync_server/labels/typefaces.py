"""The letters that labels are printed in: the machine's own, where it has a font for many scripts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from shared_models.labels.pdf import Typeface

_REGULAR_AND_BOLD = (
    (
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    ),
    ("C:/Windows/Fonts/segoeui.ttf", "C:/Windows/Fonts/segoeuib.ttf"),
    ("/System/Library/Fonts/Supplemental/Arial.ttf", "/System/Library/Fonts/Supplemental/Arial Bold.ttf"),
)


@lru_cache(maxsize=1)
def machines_typeface() -> Typeface | None:
    for pair in _REGULAR_AND_BOLD:
        regular, bold = map(Path, pair)
        if regular.exists() and bold.exists():
            return Typeface(regular.read_bytes(), bold.read_bytes())
    return None
