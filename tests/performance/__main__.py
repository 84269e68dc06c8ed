"""Runs every benchmark, or the named ones: `python -m tests.performance [commit ticket_paint …]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SUFFIX = "_benchmark"


def main(wanted: list[str]) -> int:
    there = sorted(path.stem.removesuffix(SUFFIX) for path in HERE.glob(f"*{SUFFIX}.py"))
    strangers = set(wanted) - set(there)
    if strangers:
        print(f"No such benchmark: {', '.join(sorted(strangers))}. There are: {', '.join(there)}")
        return 2
    worst = 0
    for name in wanted or there:
        print(f"\n== {name.replace('_', ' ')}", flush=True)
        module = f"tests.performance.{name}{SUFFIX}"
        worst = max(worst, subprocess.run([sys.executable, "-m", module], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
