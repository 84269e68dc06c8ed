"""All checks of the house in one go: `python -m installers.checks`. Ends non-zero if any of them fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC_CHECKS = {
    "style": ("ruff", "check", "."),
    "layout": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "import contracts": ("lint-imports",),
}
CORE = {
    "shared_models": ("shared_models",),
    "pos_client/till": ("pos_client/till",),
    "pos_client/store": ("pos_client/store",),
    "pos_client/sync": ("pos_client/sync",),
    "server sync": ("sync_server/ingest", "sync_server/feed", "sync_server/tills"),
}
WANTED_PERCENT = 90
_WORKERS = str(min(8, 2 * (os.cpu_count() or 2)))
"""More than there are processors: tests that kill a server wait for it to start. Each takes half a gigabyte, and a
container counts processors that it may not use."""


def main() -> int:
    failed = [name for name, command in STATIC_CHECKS.items() if not _passes(name, command)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        status, closing_line = _tests(report)
        if status:
            failed.append("tests")
        if not report.exists() or not _well_covered(json.loads(report.read_text())):
            failed.append("coverage")
    print(f"\nNot in order: {', '.join(failed)}" if failed else "\nAll checks are in order.")
    print(closing_line)
    return 1 if failed else 0


def _passes(name: str, command: tuple[str, ...]) -> bool:
    started = time.monotonic()
    tool = str(Path(sys.executable).parent / command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    print(
        f"{name:18} {'ok' if done.returncode == 0 else 'NOT OK'}  {time.monotonic() - started:.0f} s",
        flush=True,
    )
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:], flush=True)
    return done.returncode == 0


def _tests(report: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-n", _WORKERS, "--dist", "worksteal", "--no-header"]
    coverage = [f"--cov={folder}" for folders in CORE.values() for folder in folders]
    command += ["-p", "tests.measured", *coverage, "--cov-branch"]
    command += ["--cov-report=", f"--cov-report=json:{report}"]
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "COVERAGE_FILE": str(report.with_suffix(".data")),
    }
    lines: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.strip())
    closing = next(
        (line for line in reversed(lines) if " passed" in line or " failed" in line), "no tests ran"
    )
    return process.returncode, closing.strip("= ")


def _well_covered(report: Mapping[str, object]) -> bool:
    """Prints lines and branches of each core part; each must be above the bar."""
    files = report["files"]
    assert isinstance(files, dict)
    good = True
    print("\nCoverage of the core, lines and branches:")
    for name, folders in CORE.items():
        parts = [
            file["summary"]
            for path, file in files.items()
            if path.startswith(tuple(f"{f}/" for f in folders))
        ]
        seen = sum(part["covered_lines"] + part["covered_branches"] for part in parts)
        there = sum(part["num_statements"] + part["num_branches"] for part in parts)
        branches = sum(part["covered_branches"] for part in parts)
        all_branches = sum(part["num_branches"] for part in parts)
        percent = 100 * seen // max(there, 1)
        branch_percent = 100 * branches // max(all_branches, 1)
        enough = there > 0 and percent >= WANTED_PERCENT and branch_percent >= WANTED_PERCENT
        good = good and enough
        print(
            f"  {name:18} {percent:3} %  branches {branch_percent:3} %{'' if enough else '  below the bar'}"
        )
    return good


if __name__ == "__main__":
    sys.exit(main())
