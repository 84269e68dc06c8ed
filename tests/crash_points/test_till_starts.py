"""Wherever the till is killed as it starts, grows or takes a catalogue, the next start ends where it would have."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_client.store.connection import DriverConnection
from tests.crash_points.till_kinds import Tables, tables
from tests.crash_points.till_starts import STARTS, Start
from tests.crash_points.witness import develop, picture, witnessed

_KEPT_ASIDE = (".before-", ".damaged", ".suspect")
"""For a person to look at, or for the next start to look closely; a kill may leave one more of them."""


@pytest.mark.expects_log
@pytest.mark.parametrize("name", STARTS)
def test_a_till_killed_while_it_starts_ends_where_it_would_have(name: str, tmp_path: Path) -> None:
    start = STARTS[name]
    start.prepare(tmp_path / "prepared")
    prepared = picture(tmp_path / "prepared")
    unhurt = develop(prepared, tmp_path / "unhurt")
    start.run(unhurt, DriverConnection)
    wanted = look(start, unhurt)
    with witnessed(develop(prepared, tmp_path / "seen")) as witness:
        start.run(witness.folder, witness.connection_class())
    assert set(start.sites) <= witness.sites
    assert len(witness.points) > 3
    for number, point in enumerate(witness.points):
        folder = develop(point.files, tmp_path / f"killed-{number}")
        start.run(folder, DriverConnection)
        assert look(start, folder) == wanted, point.where
        assert left_in(folder) == left_in(unhurt), point.where


def look(start: Start, folder: Path) -> dict[str, Tables]:
    found = {name: tables(folder / name) for name in start.files}
    for one in found.values():
        # A catalogue that was put in place just before a kill does not say when that was.
        one["feed_state"] = [row[:4] for row in one.get("feed_state", ())]
    return found


def left_in(folder: Path) -> set[str]:
    return {name for name in picture(folder) if not any(part in name for part in _KEPT_ASIDE)}
