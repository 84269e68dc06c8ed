"""Chance that comes again: what is done once more is then the same to the byte, ids, salts and codes included."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class RepeatableChance:
    """Stands in for the system's random bytes; `start_over` begins the same bytes again."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.start_over()

    def start_over(self, seed: int = 0) -> None:
        """With the first bytes, or those of another `seed`."""
        self._chance = random.Random(seed or self._seed)

    def __call__(self, count: int) -> bytes:
        return self._chance.randbytes(count)


@contextmanager
def repeatable_chance(seed: int) -> Iterator[RepeatableChance]:
    """Python's: what the cryptographic library draws for itself, such as keys and signatures, stays by chance."""
    chance = RepeatableChance(seed)
    module: Any = random
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", chance)
        patch.setattr(module, "_urandom", chance)
        yield chance
