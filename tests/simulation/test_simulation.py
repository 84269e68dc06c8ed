"""A bounded share of the simulation: `make simulate SALES=…` runs as much of it as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.effort import examples
from tests.simulation.campaign import corpus, run_guarded
from tests.simulation.hunt import hunt, seeds_of_table
from tests.simulation.invariants import CHECKS, NOT_SIMULATED, WHERE_IT_HAPPENS
from tests.simulation.planted import PLANTED
from tests.simulation.report import in_words
from tests.simulation.world import Result

ROOT = Path(__file__).parents[2]
SEEDS = range(10_000, 10_000 + examples(6))
CORPUS = [(kind == "short", seed) for kind, seed in corpus() if kind != "day"]
_TRIES = 40
"""A change to the product or the simulation moves a planted fault's seed; the command finds it anew."""


def check(result: Result) -> None:
    assert not result.broken, in_words(result)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.expects_log
def test_whatever_befalls_a_shop_nothing_is_lost_doubled_or_altered(seed: int) -> None:
    check(run_guarded(seed, brief=True))


@pytest.mark.parametrize(("brief", "seed"), CORPUS)
@pytest.mark.expects_log
@pytest.mark.timeout(600)
def test_what_once_failed_holds(brief: bool, seed: int) -> None:
    """A long day takes most of a minute on a quiet machine."""
    check(run_guarded(seed, brief))


@pytest.mark.expects_log
def test_the_same_seed_lives_the_same_day_twice() -> None:
    first, second = (run_guarded(77, brief=True) for _ in range(2))
    assert first == second
    assert first.hash


@pytest.mark.parametrize("name", seeds_of_table())
@pytest.mark.timeout(600)
@pytest.mark.expects_log
def test_a_planted_fault_is_caught(name: str) -> None:
    caught = hunt(name, seeds_of_table()[name], _TRIES)
    assert caught.seed, f"no run notices that {PLANTED[name].what}"


def test_the_table_knows_every_planted_fault() -> None:
    assert list(seeds_of_table()) == list(PLANTED)
    assert len(PLANTED) >= 25


def test_every_invariant_is_held_somewhere() -> None:
    assert CHECKS.keys() | WHERE_IT_HAPPENS.keys() | NOT_SIMULATED.keys() == set(range(1, 29))
    named = [Path("tests/simulation", name) for name in WHERE_IT_HAPPENS.values()]
    named += [Path(name) for name in NOT_SIMULATED.values() if name]
    assert [str(path) for path in named if not (ROOT / path).is_file()] == []
