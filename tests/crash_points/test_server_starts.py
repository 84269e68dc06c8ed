"""Wherever the server is killed as it is set up or brought up to date, the same command ends where it would have."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash_points.repeatable import RepeatableChance, repeatable_chance
from tests.crash_points.server_share import ALL, SEED
from tests.crash_points.server_shop import DATABASE, DOING, Place
from tests.crash_points.server_starts import STARTS
from tests.crash_points.server_state import State, differences, state_of
from tests.crash_points.server_statements import listening, small_caches
from tests.crash_points.test_server import heard_by
from tests.crash_points.till_kinds import copy_of
from tests.crash_points.witness import develop, witnessed

_A_KEY_BEGUN = re.compile(r"(server.key|token.secret)\.[0-9a-f]{16}")
"""Some hundred bytes under a name of their own, never read."""
GOES_ON = 8


@pytest.fixture
def chance() -> Iterator[RepeatableChance]:
    with repeatable_chance(DOING) as chance:
        yield chance


@pytest.mark.parametrize("name", STARTS)
def test_a_server_killed_while_it_is_set_up_ends_where_it_would_have(
    name: str, tmp_path: Path, chance: RepeatableChance
) -> None:
    start = STARTS[name]
    start.prepare(Place(tmp_path / "prepared"))
    place = Place(copy_of(tmp_path / "prepared", tmp_path / "unhurt"))
    chance.start_over()
    assert start.run(place)[0] == 0
    wanted = seen_at(place)
    chance.start_over()
    folder = copy_of(tmp_path / "prepared", tmp_path / "seen")
    with witnessed(folder, by_anyone=True) as witness, listening(heard_by(witness)), small_caches():
        start.run(Place(folder))
    assert set(start.sites) <= witness.sites
    points = witness.points if ALL else Random(SEED).sample(witness.points, GOES_ON)
    for number, point in enumerate(points):
        place = Place(develop(point.files, tmp_path / f"killed-{number}"))
        chance.start_over()
        status, said = start.run(place)
        assert status == 0 or "already" in said, (point.where, said)
        assert differences(seen_at(place), wanted) == [], point.where
        shutil.rmtree(place.folder)


def seen_at(place: Place) -> State:
    assert (place.folder / DATABASE).exists()
    found = state_of(place)
    return found._replace(files=tuple(one for one in found.files if not _A_KEY_BEGUN.fullmatch(one)))
