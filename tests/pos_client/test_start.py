"""What a till loads before the cashier sees it: nothing that can wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pos_client.ready_till import environment, ready

ROOT = Path(__file__).parents[2]
CAN_WAIT = {
    *("httpx", "httpcore", "anyio", "h11", "reportlab", "biip", "keyring", "escpos", "barcode"),
    *("sqlite_utils", "PIL", "segno", "argon2", "yaml", "litestar", "sync_server"),
}


@pytest.mark.slow
def test_nothing_is_loaded_before_the_first_paint_that_can_wait(tmp_path: Path) -> None:
    settings = ready(tmp_path / "till", "tcp://127.0.0.1:9", "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.painted_till", "modules"],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "pos_client.ui.main_window" in loaded
    assert loaded & CAN_WAIT == set()


def test_no_two_threads_of_a_till_load_at_one_moment_what_would_lock_both_out() -> None:
    """The parts of importlib.resources load each other: a till of two such threads met a _DeadlockError."""
    asked = "import pos_client.bootstrap, sys; print('importlib.resources.abc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", "it must be there before there are threads"
