"""Once on a real X server, with keys injected from outside: what the window system sends is what the tests send."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs the packages xvfb and xdotool"
    ),
]

PROGRAM = """
import sys
from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication
from pos_client.ui.example_shop import NOW, STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.wording import Wording

app = QApplication([])
till = ShownTill(STATES["sale"])
window = MainWindow(till, lambda: NOW, wording=Wording(QLocale("en_GB")))
window.show()

def look():
    print("ready" if window.isActiveWindow() else "waiting", flush=True)
    print("asked", [(name, values) for name, values, _ in till.asked], flush=True)
    print("field", repr(window.sale.products.field.text()), flush=True)

timer = QTimer()
timer.timeout.connect(look)
timer.start(100)
sys.exit(app.exec())
"""


@pytest.fixture
def display(tmp_path: Path) -> Iterator[dict[str, str]]:
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1400x800x24", "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        number = answer.readline().strip()
    environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": os.getcwd()}
    yield environment
    server.terminate()
    server.wait()


def test_injected_keys_scan_and_type(display: dict[str, str]) -> None:
    till = subprocess.Popen([sys.executable, "-c", PROGRAM], env=display, stdout=subprocess.PIPE, text=True)
    assert till.stdout is not None
    try:
        _read_until(till, "field ''")
        window = _xdotool(display, "search", "--sync", "--name", "Evertill").split()[0]
        _xdotool(display, "windowfocus", "--sync", window)
        _read_until(till, "ready")
        _xdotool(display, "key", "--delay", "2", *"4006381333931", "Return")
        _read_until(till, "asked [('scan', ('4006381333931',))]")
        _read_until(till, "field ''")
        _xdotool(display, "type", "--delay", "2", "SCARF-GR_40\n")
        _read_until(till, "asked [('scan', ('4006381333931',)), ('scan', ('SCARF-GR_40',))]")
        _read_until(till, "field ''")
        _xdotool(display, "type", "--delay", "120", "Milk")
        _read_until(till, "field 'Milk'")
    finally:
        till.terminate()
        till.stdout.close()
        till.wait()


def _xdotool(environment: dict[str, str], *words: str) -> str:
    return subprocess.run(
        ["xdotool", *words], env=environment, check=True, capture_output=True, text=True, timeout=30
    ).stdout


def _read_until(till: subprocess.Popen[str], wanted: str, within_s: float = 20) -> None:
    assert till.stdout is not None
    end = time.monotonic() + within_s
    last: list[str] = []
    while time.monotonic() < end:
        line = till.stdout.readline().strip()
        last = [*last[-5:], line]
        if line == wanted:
            return
    raise AssertionError(f"no {wanted!r} within {within_s} s; the last were {last}")
