"""The demo lives a whole day by itself, and everyone's figures agree."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import pytest
from PIL import Image

from installers.demo.figures import Check, Figure, all_good, table
from tests.shared_models.labels.reading import read_by_zxing

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
    [label] = (day / "labels").iterdir()
    with Image.open(label) as picture:
        assert read_by_zxing(picture) == ["C03"]
    assert (day / "z-report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_demo_that_is_told_to_end_leaves_no_server_and_no_till_behind(ctrl_c: None, tmp_path: Path) -> None:
    assert _told_to_end(tmp_path, lambda demo: os.kill(demo, signal.SIGTERM)) == 128 + signal.SIGTERM
    by_ctrl_c = _told_to_end(tmp_path, lambda demo: os.killpg(demo, signal.SIGINT))
    assert by_ctrl_c == 128 + signal.SIGINT


def _told_to_end(folder: Path, tell: Callable[[int], None]) -> int:
    """The exit code of a demo that ran with a window; nothing of it runs any more."""
    environment = {**os.environ, "DISPLAY": ":99", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "installers.demo", "--folder", str(folder)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            explained = list(
                takewhile(lambda line: "Close the till's window to end" not in line, demo.stdout)
            )
            assert any("Ctrl B opens the page of shelf labels" in line for line in explained)
            _wait_for(folder / "counter/till/till.db.lock")
            tell(demo.pid)
            said = demo.stdout.read()
            assert "Traceback" not in said, said
            exit_code = demo.wait(60)
            _wait_until_gone(demo.pid)
            return exit_code
        finally:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)


def _wait_until_gone(group: int) -> None:
    """What has ended is still in its group until the system has noticed."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("something of the demo still runs")


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.1)


def test_a_day_whose_figures_differ_is_no_good_day() -> None:
    good = Figure("Sales", (("journal", 2), ("server", 2)), money=False)
    bad = Figure("Takings", (("journal", 1000), ("server", 999)))
    assert all_good([good], [Check("Unsent", True, "0")])
    assert not all_good([good, bad], [])
    assert not all_good([good], [Check("Unsent", False, "3")])
    assert "NO   Takings                    journal 10.00 · server 9.99" in table([good, bad], [], "GBP")
