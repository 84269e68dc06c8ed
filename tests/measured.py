"""A plugin of pytest: `--measure FOLDER`, once for each, tells which lines and branches of it the tests reach.

SlipCover puts a probe at each line of a module when it is imported, and takes out again those that were met; libraries
run as ever. A tracer instead stops at every line of every library, and most of a server's test is the making of its
application.

Each process of the tests leaves one report in the folder that `--measured-to` names, in SlipCover's form.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import slipcover

_TESTS_BEFORE_FIRST_CLEARING = 25
_GROWTH = 1.3
"""Clearing looks through every module, and finds less and less."""
_NEVER = sys.maxsize
"""Else SlipCover takes its probes out in the middle of what the till does, after so many that were met in vain."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("coverage")
    group.addoption("--measure", action="append", default=[], metavar="FOLDER")
    group.addoption("--measured-to", type=Path, metavar="FOLDER")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before any test file brings in a module of ours."""
    options = early_config.known_args_namespace
    if options.measure:
        # not with the others: pytest wants to see a plugin's package first, and SlipCover is one
        import slipcover

        probes = slipcover.Slipcover(branch=True, source=options.measure, d_miss_threshold=_NEVER)
        slipcover.ImportManager(probes, slipcover.FileMatcher(sources=options.measure)).__enter__()
        early_config.pluginmanager.register(Measure(probes, options.measured_to))


class Measure:
    """Takes out the probes that were met, while nothing runs, and writes down at the end what was met."""

    def __init__(self, probes: slipcover.Slipcover, reports: Path) -> None:
        self._probes = probes
        self._reports = reports
        self._ended_tests = 0
        self._next_clearing = _TESTS_BEFORE_FIRST_CLEARING

    def pytest_runtest_logfinish(self) -> None:
        self._ended_tests += 1
        if self._ended_tests >= self._next_clearing:
            self._next_clearing = int(self._ended_tests * _GROWTH)
            self._probes.deinstrument_seen()

    def pytest_sessionfinish(self) -> None:
        self._reports.joinpath(f"{os.getpid()}.json").write_text(json.dumps(self._probes.get_coverage()))
