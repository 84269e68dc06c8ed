"""Wherever the server is killed in a transaction, it finds all of it or nothing, and whoever sent it sends it again.

Every point of a transaction is looked at, and from some the server goes on; EVERTILL_CRASH_POINTS=all is all of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from tests.crash_points.repeatable import RepeatableChance, repeatable_chance
from tests.crash_points.server_kind import MACHINE, Kind
from tests.crash_points.server_kinds import KINDS
from tests.crash_points.server_share import ALL, a_share
from tests.crash_points.server_shop import DOING, DOING_AGAIN, Known, Place, Running, prepare, running
from tests.crash_points.server_state import State, Tables, differences, state_of
from tests.crash_points.server_statements import COMMIT, OnStep, Step, listening, small_caches
from tests.crash_points.till_kinds import copy_of
from tests.crash_points.witness import Point, Witness, develop, witnessed

GOES_ON, PEOPLE_DRAWN = 1, 12


class Shop(NamedTuple):
    """The prepared folder, and what the world knows of the server in it."""

    folder: Path
    known: Known


@pytest.fixture(scope="module")
def shop(module_path: Path) -> Shop:
    folder = module_path / "prepared"
    folder.mkdir()
    return Shop(folder, prepare(Place(folder)))


@pytest.fixture
def chance() -> Iterator[RepeatableChance]:
    with repeatable_chance(DOING) as chance:
        yield chance


@pytest.mark.expects_log
@pytest.mark.parametrize("name", a_share(PEOPLE_DRAWN))
def test_a_server_killed_in_a_transaction_has_all_of_it_or_nothing_and_does_it_once(
    name: str, shop: Shop, tmp_path: Path, chance: RepeatableChance
) -> None:
    kind = KINDS[name]
    before = state_of(Place(copy_of(shop.folder, tmp_path / "untouched")), kind.counts)
    witness, sent_again = seen(kind, Place(copy_of(shop.folder, tmp_path / "seen")), shop.known, chance)
    after = state_at(kind, last(witness), tmp_path)
    assert before.tables != after.tables, "it must change something"
    assert set(kind.sites) <= witness.sites
    assert differences(sent_again, after) == [], "what a machine sends twice counts once"
    stages = stages_of(kind, witness.points, before, after, tmp_path)
    found = [stage_at(kind, point, stages, tmp_path) for point in witness.points]
    assert found == sorted(found), "what is there stays"
    assert {0, len(stages) - 1} <= set(found), "both sides of the commit must have been seen"
    for number in drawn(len(witness.points), name):
        place = Place(develop(witness.points[number].files, tmp_path / f"killed-{number}"))
        goes_on(kind, place, shop.known, chance, after, done_before=found[number] == len(stages) - 1)
        shutil.rmtree(place.folder)


def last(witness: Witness) -> Point:
    """When it was done, and nothing was sent again yet."""
    return witness.points[-1]


def done(kind: Kind, server: Running, chance: RepeatableChance, seed: int, *, again: bool = False) -> None:
    chance.start_over(seed)
    answer = kind.act(server)
    status = getattr(answer, "status_code", 200)
    if again and kind.refused_again:
        assert status == kind.refused_again, answer.text
    else:
        assert status < 400, answer.text


def seen(kind: Kind, place: Place, known: Known, chance: RepeatableChance) -> tuple[Witness, State]:
    """Every point of it, and what there is after a machine that did not hear the answer has sent it once more."""
    with witnessed(place.folder, by_anyone=True) as witness, listening(heard_by(witness)), small_caches():
        witness.looks = False
        with running(place, known, chance) as server:
            witness.looks = True
            witness.step("at first")
            done(kind, server, chance, DOING)
            witness.step("when it was done")
            witness.looks = False
            if kind.who == MACHINE:
                done(kind, server, chance, DOING_AGAIN, again=True)
    return witness, state_of(place, kind.counts)


def heard_by(witness: Witness) -> OnStep:
    def step(step: Step) -> None:
        if step.statement != COMMIT and step.when == "before":
            witness.before(step.statement)
        elif step.statement == COMMIT and step.when == "after":
            witness.after(step.statement)
        else:
            witness.step(step.where)

    return step


def stages_of(kind: Kind, points: list[Point], before: State, after: State, folder: Path) -> list[Tables]:
    """The tables before it, after each of its commits, and so at last after it."""
    stages = [before.tables]
    for point in points:
        if point.sure and point.committed and point.committed >= len(stages):
            stages.append(state_at(kind, point, folder).tables)
    changing = [one for at, one in enumerate(stages) if at == 0 or one != stages[at - 1]]
    assert kind.in_steps or len(changing) == 2, "what is one thing must be one transaction"
    assert changing[-1] == after.tables
    return changing


def state_at(kind: Kind, point: Point, folder: Path) -> State:
    place = Place(develop(point.files, folder / "looked at"))
    found = state_of(place, kind.counts)
    shutil.rmtree(place.folder)
    return found


def stage_at(kind: Kind, point: Point, stages: list[Tables], folder: Path) -> int:
    found = state_at(kind, point, folder).tables
    assert found in stages, point.where
    return stages.index(found)


def drawn(count: int, name: str) -> list[int]:
    if ALL or count <= GOES_ON:
        return list(range(count))
    return sorted({*Random(name).sample(range(count), GOES_ON), count - 1})


def goes_on(
    kind: Kind, place: Place, known: Known, chance: RepeatableChance, wanted: State, *, done_before: bool
) -> None:
    """The server starts again, and whoever was not told that it was done does it again."""
    with running(place, known, chance) as server:
        if not done_before:
            done(kind, server, chance, DOING)
        elif kind.who == MACHINE:
            done(kind, server, chance, DOING_AGAIN, again=True)
    assert differences(state_of(place, kind.counts), wanted) == []
