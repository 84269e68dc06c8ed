"""Whoever writes to a database says what is left when the power goes in the middle of it."""

from __future__ import annotations

from tests.crash_points import server_kinds, server_starts, writing_functions
from tests.crash_points.till_kinds import KINDS
from tests.crash_points.till_starts import STARTS

ADVICE = "add a kind for it to tests/crash_points, which makes its crash points and disk trouble"


def test_every_function_of_the_till_that_writes_has_crash_points() -> None:
    have = {kind.site for kind in KINDS.values()} | {site for one in STARTS.values() for site in one.sites}
    assert writing_functions.on_the_till() - have == set(), ADVICE
    assert have - writing_functions.on_the_till() == set(), "these don't write any more"


_HUB = ("sync_server.store_hub.",)
"""A hub may be lost at any moment, tills and central server have it all; no crash points of its own yet."""


def test_every_function_of_the_server_that_writes_has_crash_points() -> None:
    kinds, starts = server_kinds.KINDS.values(), server_starts.STARTS.values()
    have = {site for one in (*kinds, *starts) for site in one.sites}
    writes = {name for name in writing_functions.on_the_server() if not name.startswith(_HUB)}
    assert writes - have == set(), ADVICE
    assert have - writes == set(), "these don't write any more"
