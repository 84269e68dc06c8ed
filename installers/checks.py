"""All checks of the house in one go: `python -m installers.checks`. Ends non-zero if any of them fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import slipcover

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
_WORKERS = str(min(8, 3 * (os.cpu_count() or 2) // 2))
"""More than there are processors: tests that kill a server wait for it to start. Each first reads all tests, takes half
a gigabyte, and a container counts processors that it may not use."""


def main() -> int:
    with tempfile.TemporaryDirectory() as reports, ThreadPoolExecutor(1) as beside:
        static = beside.submit(_static_checks)
        status, closing_line = _tests(Path(reports))
        failed = static.result()
        if status:
            failed.append("tests")
        if not _well_covered(merged_reports(Path(reports))):
            failed.append("coverage")
    print(f"\nNot in order: {', '.join(failed)}" if failed else "\nAll checks are in order.")
    print(closing_line)
    return 1 if failed else 0


def _static_checks() -> list[str]:
    """The names of those that failed. They run beside the tests: each keeps one processor busy."""
    return [name for name, command in STATIC_CHECKS.items() if not _passes(name, command)]


def _passes(name: str, command: tuple[str, ...]) -> bool:
    started = time.monotonic()
    tool = str(Path(sys.executable).parent / command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    verdict = "ok" if done.returncode == 0 else "NOT OK"
    print(f"\n{name:18} {verdict}  {time.monotonic() - started:.0f} s", flush=True)
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:], flush=True)
    return done.returncode == 0


def _tests(reports: Path) -> tuple[int, str]:
    pytest = [sys.executable, "-m", "pytest", "-q"]
    command = [*pytest, "-n", _WORKERS, "--dist", "worksteal", "--no-header"]
    command += ["-p", "tests.measured", f"--measured-to={reports}"]
    command += [f"--measure={folder}" for folders in CORE.values() for folder in folders]
    environment = _that_keeps_compiled_modules()
    # what fails here fails again below, in words
    subprocess.run(
        [*pytest, "--collect-only", "-q"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
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


def _that_keeps_compiled_modules() -> dict[str, str]:
    """The environment of the tests, which start hundreds of tills and servers: compiling takes half of such a start.

    Modules are compiled once before the workers begin, or each of them would compile all by itself.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def merged_reports(reports: Path) -> dict[str, Any]:
    """What all processes of the tests reached together: by file its lines and branches, executed and missing."""
    whole: dict[str, Any] = {"files": {}}
    for report in reports.glob("*.json"):
        one = json.loads(report.read_text())
        whole = slipcover.merge_coverage(whole, one) if whole["files"] else one
    return whole


def _well_covered(report: Mapping[str, Any]) -> bool:
    """Prints lines and branches of each core part; each must be above the bar."""
    good = True
    print("\nCoverage of the core, lines and branches:")
    for name, folders in CORE.items():
        parts = [
            file
            for path, file in report["files"].items()
            if path.startswith(tuple(f"{folder}/" for folder in folders))
        ]
        percent = _percent(parts, "lines", "branches")
        branch_percent = _percent(parts, "branches")
        enough = bool(parts) and percent >= WANTED_PERCENT and branch_percent >= WANTED_PERCENT
        good = good and enough
        print(
            f"  {name:18} {percent:3} %  branches {branch_percent:3} %{'' if enough else '  below the bar'}"
        )
    return good


def _percent(parts: Sequence[Mapping[str, Any]], *kinds: str) -> int:
    met = sum(len(part[f"executed_{kind}"]) for part in parts for kind in kinds)
    missed = sum(len(part[f"missing_{kind}"]) for part in parts for kind in kinds)
    return 100 * met // max(met + missed, 1)


if __name__ == "__main__":
    sys.exit(main())
