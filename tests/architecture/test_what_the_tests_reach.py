"""The coverage that `make test` asks for sees what ran and what did not, over several processes of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from installers.checks import ROOT, merged_reports

RULES = """\
def price(cents, member):
    if member:
        return cents - 10
    return cents


def never_asked():
    return 0
"""
ASKED = """\
import pytest
from till import rules


@pytest.mark.parametrize("cents", [100, 200])
def test_a_guest_pays_the_price(cents):
    assert rules.price(cents, {member}) == cents{less}
"""


def reached(shop: Path) -> tuple[list[int], list[list[int]]]:
    """The missing lines and branches of the shop's rules."""
    reports = shop / "reports"
    reports.mkdir()
    command = ["pytest", "-q", "-p", "xdist.plugin", "-n", "2", "-p", "tests.measured", "--rootdir=."]
    command += ["--measure=till", f"--measured-to={reports}", "--import-mode=importlib"]
    path = os.pathsep.join((str(shop), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=shop,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (rules,) = merged_reports(reports)["files"].values()
    return rules["missing_lines"], rules["missing_branches"]


def test_a_branch_that_no_test_took_and_a_function_that_none_called_are_told(tmp_path: Path) -> None:
    (tmp_path / "till").mkdir()
    (tmp_path / "till/rules.py").write_text(RULES)
    (tmp_path / "test_guest.py").write_text(ASKED.format(member=False, less=""))
    assert reached(tmp_path) == ([3, 8], [[2, 3]])


def test_what_one_process_reached_and_another_did_not_is_reached(tmp_path: Path) -> None:
    (tmp_path / "till").mkdir()
    (tmp_path / "till/rules.py").write_text(RULES)
    (tmp_path / "test_guest.py").write_text(ASKED.format(member=False, less=""))
    (tmp_path / "test_member.py").write_text(ASKED.format(member=True, less=" - 10"))
    assert reached(tmp_path) == ([8], [])
