"""In which order the tests run: whole files, those that mostly wait spread among those that keep a processor busy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import groupby

import pytest

_WAITING = {"chaos", "flows"}
"""Tests of several processes, which start, are killed and come back."""


def in_good_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Workers get equal parts of it and take from each other what is left.

    Where all that wait come together, in the end every worker waits and the processors rest.

    Crash points come last: they leave an audit hook behind, which nobody can take away again. Python 3.11 lets another
    thread run inside such a hook, and refuses two traces that are installed at one moment; a thread that any later test
    starts under a debugger or tracer could then die at its start.
    """
    by_file = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    crashes = [tests for tests in by_file if "crash_points" in tests[0].path.parts]
    waiting = [tests for tests in by_file if _WAITING & set(tests[0].path.parts)]
    busy = [tests for tests in by_file if tests not in crashes and tests not in waiting]
    return [test for tests in (*_spread(waiting, _mixed(busy)), *crashes) for test in tests]


def _mixed(files: Sequence[list[pytest.Item]]) -> list[list[pytest.Item]]:
    """The same way each time, long ones among short ones: those of one folder take about as long as each other."""
    return sorted(files, key=lambda tests: sha256(tests[0].path.name.encode()).digest())


def _spread(
    few: Sequence[list[pytest.Item]], many: Sequence[list[pytest.Item]]
) -> Iterable[list[pytest.Item]]:
    placed = 0
    for number, one in enumerate(many, start=1):
        yield one
        while placed * len(many) < number * len(few):
            yield few[placed]
            placed += 1
    yield from few[placed:]
