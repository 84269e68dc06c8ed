"""How long from starting `evertill-till` to a window that can sell, with 100,000 products, against a bare window.

`python -m tests.performance.start_benchmark`: a new process each time, in turns, from its start to its first paint.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from pos_client.settings import TillSettings
from pos_client.till_folder import CATALOGUE_FILE
from tests.performance import lookup_benchmark
from tests.pos_client.ready_till import environment, ready

PRODUCTS = 100_000
RUNS = 7
MOST_S = 2.0
ROOT = Path(__file__).parents[2]
TILL = "tests.performance.painted_till"
BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication(sys.argv)
window = QLabel("Evertill")
window.resize(1366, 768)
window.show()
window.grab()
print("painted", flush=True)
QTimer.singleShot(0, app.quit)
app.exec()
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = ready(Path(folder) / "till")
        path = settings.data_dir / CATALOGUE_FILE
        path.rename(path.with_name("small.db"))
        lookup_benchmark.build(path, PRODUCTS)
        till, bare = [], []
        for _ in range(RUNS):
            till.append(seconds_to_paint(settings, "-m", TILL))
            bare.append(seconds_to_paint(settings, "-c", BARE))
    print(f"process start to first paint, {PRODUCTS} products, {RUNS} new processes each, in turns")
    print(f"{'till':12}{median(till):8.2f} s   worst {max(till):.2f} s")
    print(f"{'bare window':12}{median(bare):8.2f} s")
    print(f"{'ratio':12}{median(till) / median(bare):8.2f}")
    good = median(till) < MOST_S
    print(f"goal: under {MOST_S:g} s: {'met' if good else 'MISSED'}")
    return 0 if good else 1


def seconds_to_paint(settings: TillSettings, *what: str) -> float:
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *what], cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        word = process.stdout.readline()
        taken = time.perf_counter() - begun
        process.communicate()
    assert word == b"painted\n", word
    return taken


if __name__ == "__main__":
    sys.exit(main())
