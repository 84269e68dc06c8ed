"""Everything that is left to chance, drawn from one seed."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of draws. `fork` gives another that does not depend on how much was drawn from this one."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._random = random.Random(seed)

    def fork(self, name: str) -> Chance:
        return Chance(f"{self._seed}/{name}")

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def fraction(self, low: float = 0.0, high: float = 1.0) -> float:
        return self._random.uniform(low, high)

    def between(self, low: int, high: int) -> int:
        """Both ends included, all alike."""
        return self._random.randint(low, high)

    def spread(self, low: int, high: int) -> int:
        """Both ends included, every order of magnitude alike; `low` is at least 1."""
        return min(high, round(math.exp(self._random.uniform(math.log(low), math.log(high)))))

    def pick(self, things: Sequence[T]) -> T:
        return things[self._random.randrange(len(things))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        [chosen] = self._random.choices(list(weights), list(weights.values()))
        return chosen

    def some(self, things: Sequence[T], most: int) -> list[T]:
        """Up to `most` of them, in any order, each perhaps several times."""
        return self._random.choices(things, k=self.between(1, most)) if things else []

    def bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)
