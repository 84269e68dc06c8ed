"""The conditions of one run: what may happen in it, and how often, drawn anew for every seed.

Not everything may happen in every run: a fault that shows only where another one is absent would never be seen.
"""

from __future__ import annotations

import msgspec

from tests.simulation.chance import Chance

MINUTE_MS = 60_000


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Probabilities are per request or per sale; `…_every_ms` are mean times between two, 0 for never."""

    tills: int
    sales: int
    sale_every_ms: int
    five_lines: float
    poison: float
    wrong_sums: float
    prints: bool
    looks_up: float
    wakes: float
    shift_sales: int
    office_every_ms: int

    latency_ms: int
    slowest_ms: int
    loss: float
    duplication: float
    partition_every_ms: int
    nonsense: float
    refusals: float

    till_crash_every_ms: int
    server_crash_every_ms: int
    apply_every_ms: int
    disk_full_every_ms: int
    clock_jump_every_ms: int
    curses: bool
    till_restore_every_ms: int
    keeps_anchor: float
    knows_machine: bool
    clone_every_ms: int
    till_loss_every_ms: int
    server_restore_every_ms: int
    restore_at_the_end: bool
    backup_every_ms: int


def draw(chance: Chance, brief: bool = False) -> Conditions:
    """`brief` runs are for the test command: the same mixture in a tenth of the time."""
    tills = chance.weighted({1: 3, 2: 4, 3: 3, 5: 1})
    sales = chance.spread(20, 120) if brief else chance.spread(400, 2_000)
    sale_every_ms = chance.spread(100, 2_500)
    expected_ms = sales * sale_every_ms // tills
    size = 3 if brief else 1

    def sometimes(probability: float, value: float) -> float:
        return value if chance.happens(probability) else 0.0

    def about(probability: float, fewest: int, most: int) -> int:
        """Mean time between two of what happens so many times in a run, if it does at all."""
        times = chance.spread(fewest, max(fewest, most // size))
        return max(1, expected_ms // times) if chance.happens(probability) else 0

    return Conditions(
        tills=tills,
        sales=sales,
        sale_every_ms=sale_every_ms,
        five_lines=sometimes(0.5, 0.1),
        poison=sometimes(0.4, 0.02),
        wrong_sums=sometimes(0.3, 0.02),
        prints=chance.happens(0.2),
        looks_up=sometimes(0.6, 0.25),
        wakes=chance.pick((1.0, 0.1, 0.1, 0.02)),
        shift_sales=chance.spread(15, 400),
        office_every_ms=about(0.8, 2, 40),
        latency_ms=chance.spread(5, 3_000),
        slowest_ms=chance.spread(3_000, 30_000) if chance.happens(0.5) else 0,
        loss=sometimes(0.6, chance.fraction(0, 0.4)),
        duplication=sometimes(0.6, chance.fraction(0, 0.5)),
        partition_every_ms=about(0.5, 1, 20),
        nonsense=sometimes(0.3, chance.fraction(0, 0.1)),
        refusals=sometimes(0.4, chance.fraction(0, 0.15)),
        till_crash_every_ms=about(0.8, 3, 120),
        server_crash_every_ms=about(0.7, 2, 60),
        apply_every_ms=chance.spread(1_000, 60_000),
        disk_full_every_ms=about(0.3, 1, 10),
        clock_jump_every_ms=about(0.4, 1, 10),
        curses=chance.happens(0.15),
        till_restore_every_ms=about(0.4, 1, 6),
        keeps_anchor=chance.pick((0.0, 0.5, 1.0)),
        knows_machine=chance.happens(0.6),
        clone_every_ms=about(0.2, 1, 4),
        till_loss_every_ms=about(0.05, 1, 1),
        server_restore_every_ms=about(0.2, 1, 6),
        restore_at_the_end=chance.happens(0.1),
        backup_every_ms=max(1, expected_ms // chance.spread(3, 30)),
    )
