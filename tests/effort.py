"""How much a run does of what could go on for ever: with EVERTILL_EFFORT=10 it tries ten times as many examples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

EFFORT = max(1, int(os.environ.get("EVERTILL_EFFORT", "1")))
_One = TypeVar("_One")


def examples(usual: int) -> int:
    """So many of what chance draws."""
    return usual * EFFORT


def one_in(few: int, of: Sequence[_One], first: int = 0) -> Sequence[_One]:
    """Every so-manieth; with more effort more of them, up to all."""
    step = max(1, few // EFFORT)
    return of[first % step :: step]
