"""Ten real tills, a real server on PostgreSQL, and everything that can happen to them: `python -m tests.chaos`.

Ends 0 when every sale is there once and all figures agree, 1 when not, 2 for wrong words. The same seed draws the same
faults at the same times; what is going on at that moment is the machine's affair.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos import namespace

_ROOT = Path(__file__).parents[2]


def main(words: Sequence[str]) -> int:
    """Runs `tests.chaos.attack`, in a network of its own where the machine allows that."""
    asked = _parser().parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="evertill-chaos-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "runtime").mkdir(mode=0o700)
    figures = (str(asked.minutes), str(asked.seed), str(asked.tills), str(asked.drained_within))
    command = [sys.executable, "-m", "tests.chaos.attack", str(folder), *figures, str(asked.report.resolve())]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder / "runtime"), "PYTHONPATH": str(_ROOT)}
    if not asked.proxy_only and not namespace.why_not():
        command = namespace.in_own_network(command)
        environment |= namespace.MARK
    status = _run(command, environment)
    if status == 0:
        shutil.rmtree(folder)
    else:
        print(f"What the programs left is in {folder}.")
    return status


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """What asks this program to end asks that one, which puts everything away first."""
    with subprocess.Popen(command, env=environment) as attack:
        signal.signal(signal.SIGTERM, lambda *_: attack.terminate())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return attack.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--tills", type=int, default=10)
    parser.add_argument(
        "--drained-within", type=float, default=30.0, metavar="SECONDS", help="after the last fault"
    )
    parser.add_argument(
        "--proxy-only", action="store_true", help="no network namespaces, also where they may be made"
    )
    parser.add_argument("--report", type=Path, default=Path("chaos-output/report.txt"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
