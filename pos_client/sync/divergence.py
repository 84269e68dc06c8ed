"""Finding the last entry that till and server have in common, by asking for a few hashes at a time.

A chain's hash at a place stands for everything before it: where the hashes are alike all earlier ones are, where
they differ all later ones do.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

PROBES = 32


class Search(msgspec.Struct, frozen=True):
    """The last common entry is `low` or later, and not after `top`. `high` is how many the server holds."""

    high: int
    low: int
    top: int

    @property
    def found(self) -> bool:
        return self.low == self.top

    def probes(self) -> tuple[int, ...]:
        """Spread over what is not known yet, its end always among them."""
        unknown = self.top - self.low
        count = min(PROBES, unknown)
        return tuple(self.low + -(-unknown * at // count) for at in range(1, count + 1))

    def narrowed(self, asked: Sequence[int], alike: Sequence[int]) -> Search:
        differing = set(asked).difference(alike)
        top = min((seq - 1 for seq in differing), default=self.top)
        low = max((seq for seq in alike if self.low < seq <= top), default=self.low)
        return Search(self.high, low, max(low, top))


def search(head_seq: int, high: int) -> Search:
    return Search(high, 0, min(head_seq, high))
