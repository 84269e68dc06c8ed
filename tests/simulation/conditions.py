"""The conditions of one run: what may happen in it, and how often, drawn anew for every seed.

Not everything may happen in every run: a fault that shows only where another one is absent would never be seen.
"""

from __future__ import annotations

import msgspec

from tests.simulation.chance import Chance

MINUTE_MS = 60_000


class HubConditions(msgspec.Struct, frozen=True, kw_only=True):
    """Of a run with a hub in the shop. `…_every_ms` as below."""

    crash_every_ms: int
    cut_every_ms: int
    loss_every_ms: int
    restore_every_ms: int
    backup_every_ms: int
    disk_full_every_ms: int
    clock_jump_every_ms: int
    proof_every_ms: int
    """Somebody reads a backup of the central server to its end."""
    gone_at_the_end: bool
    good_wires: bool
    """Nothing is lost or doubled inside the shop."""
    first_wait_ms: int
    greet_every_ms: int
    """How long a till leaves a hub alone that failed, and how often it greets one that serves."""


class LendingConditions(msgspec.Struct, frozen=True, kw_only=True):
    """Of a run whose customers have gift cards and bring goods back."""

    every_ms: int
    cards: int
    unasked: float
    """How often a till goes on without a lease where nobody could be asked."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """Probabilities are per request or per sale; `…_every_ms` are mean times between two, 0 for never.

    What came later has a default and is drawn from a fork, so that runs without it are what they always were.
    """

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
    hub: HubConditions | None = None
    lending: LendingConditions | None = None
    calm_within_min: int = 45
    """After the last fault; not drawn. A fault that stalls for good is seen as well after less."""


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
        return _every_ms(chance, expected_ms, probability, fewest, max(fewest, most // size))

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
        hub=_draw_hub(chance.fork("has a hub"), expected_ms, size),
        lending=_draw_lending(chance.fork("lends"), sale_every_ms),
    )


def _draw_hub(chance: Chance, expected_ms: int, size: int) -> HubConditions | None:
    """A quarter of all shops have one."""
    if not chance.happens(0.25):
        return None

    def about(probability: float, fewest: int, most: int) -> int:
        return _every_ms(chance, expected_ms, probability, fewest, max(fewest, most // size))

    return HubConditions(
        crash_every_ms=about(0.5, 2, 40),
        cut_every_ms=about(0.5, 1, 20),
        loss_every_ms=about(0.3, 1, 2),
        restore_every_ms=about(0.25, 1, 3),
        backup_every_ms=max(1, expected_ms // chance.spread(3, 20)),
        disk_full_every_ms=about(0.2, 1, 6),
        clock_jump_every_ms=about(0.3, 1, 6),
        proof_every_ms=about(0.5, 1, 4),
        gone_at_the_end=chance.happens(0.15),
        good_wires=chance.happens(0.7),
        first_wait_ms=chance.pick((200, 2_000, 15_000)),
        greet_every_ms=chance.pick((2_000, 10_000, 60_000)),
    )


def _draw_lending(chance: Chance, sale_every_ms: int) -> LendingConditions | None:
    """In a quarter of all shops."""
    if not chance.happens(0.25):
        return None
    return LendingConditions(
        every_ms=sale_every_ms * chance.spread(1, 8),
        cards=chance.spread(1, 12),
        unasked=chance.pick((0.0, 0.5)),
    )


def _every_ms(chance: Chance, expected_ms: int, probability: float, fewest: int, most: int) -> int:
    """Mean time between two of what happens so many times in a run, if it does at all."""
    times = chance.spread(fewest, most)
    return max(1, expected_ms // times) if chance.happens(probability) else 0
