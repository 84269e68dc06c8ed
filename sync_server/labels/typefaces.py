"""The letters that labels are printed in: the machine's own, where it has a font for many scripts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from shared_models.labels.pdf import Typeface, first_typeface


@lru_cache(maxsize=1)
def machines_typeface() -> Typeface | None:
    return first_typeface(lambda path: Path(path).read_bytes())
