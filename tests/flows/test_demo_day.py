"""The demo lives a whole day by itself, and everyone's figures agree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from installers.demo.figures import Check, Figure, all_good, table

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_a_day_with_cuts_and_kills_ends_with_figures_that_agree(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    done = subprocess.run(
        [sys.executable, "-m", "installers.demo", "--folder", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sales = re.search(r"ok +Sales +customers (\d+) · journal (\d+) · server (\d+) · Z (\d+)", done.stdout)
    assert sales
    assert len(set(sales.groups())) == 1
    day = tmp_path / "day"
    assert len(list((day / "receipts").glob("*.png"))) > int(sales.group(1))
    assert len(list(day.glob("*.png"))) >= 8
    assert (day / "z-report.pdf").read_bytes().startswith(b"%PDF")


def test_a_day_whose_figures_differ_is_no_good_day() -> None:
    good = Figure("Sales", (("journal", 2), ("server", 2)), money=False)
    bad = Figure("Takings", (("journal", 1000), ("server", 999)))
    assert all_good([good], [Check("Unsent", True, "0")])
    assert not all_good([good, bad], [])
    assert not all_good([good], [Check("Unsent", False, "3")])
    assert "NO   Takings                    journal 10.00 · server 9.99" in table([good, bad], [], "GBP")
