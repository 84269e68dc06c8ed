"""How much of it a run does: all with EVERTILL_CRASH_POINTS=all, else a share that EVERTILL_CRASH_SEED draws."""

from __future__ import annotations

import os
from random import Random

from tests.crash_points.server_kinds import KINDS, PEOPLE

ALL = os.environ.get("EVERTILL_CRASH_POINTS") == "all"
SEED = os.environ.get("EVERTILL_CRASH_SEED", "1")


def a_share(of_people: int, of_others: int = 1000) -> list[str]:
    """Names of kinds: so many of what people do, and of what machines and the server itself do."""
    others = [name for name in KINDS if name not in PEOPLE]
    return _drawn(others, of_others) + _drawn(list(PEOPLE), of_people)


def _drawn(names: list[str], count: int) -> list[str]:
    if ALL or count >= len(names):
        return names
    chosen = set(Random(SEED).sample(names, count))
    return [name for name in names if name in chosen]
