"""Whoever writes to a database says what is left when the power goes in the middle of it."""

from __future__ import annotations

from tests.crash_points import writing_functions
from tests.crash_points.till_kinds import KINDS
from tests.crash_points.till_starts import STARTS

ADVICE = "add a kind for it to tests/crash_points, which makes its crash points and disk trouble"


def test_every_function_of_the_till_that_writes_has_crash_points() -> None:
    have = {kind.site for kind in KINDS.values()} | {site for one in STARTS.values() for site in one.sites}
    assert writing_functions.on_the_till() - have == set(), ADVICE
    assert have - writing_functions.on_the_till() == set(), "these don't write any more"
