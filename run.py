"""One entry for everything: `python3 run.py demo`, `python3 run.py test`. Needs Python 3.11 and nothing else.

Each command first sets up what it needs (virtual environment, locked packages, system libraries) and is quick when
that is done. See `python3 run.py` for the list.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.chdir(HERE)

from installers import provision  # noqa: E402  (standard library only)

Arguments = list[str]


def demo(args: Arguments) -> int:
    """A shop on this machine: server, till, printer's paper. Without a display it runs a day by itself."""
    python = provision.shop(window=provision.has_display())
    return _call(python, "-m", "installers.demo", *args)


def test(args: Arguments) -> int:
    """All checks: style, types, import contracts, tests on SQLite and PostgreSQL, coverage."""
    python = provision.development()
    if args:
        return _call(python, "-m", "pytest", *args)
    return _call(python, "-m", "installers.checks")


def till(args: Arguments) -> int:
    """The till alone: evertill-till with the words that follow."""
    return _call(provision.shop(window=provision.has_display()), "-m", "pos_client", *args)


def server(args: Arguments) -> int:
    """The server alone: evertill-server with the words that follow."""
    return _call(provision.shop(window=False), "-m", "sync_server.cli", *args)


def printer(args: Arguments) -> int:
    """The virtual receipt printer alone, on TCP 9100."""
    return _call(provision.shop(window=False), "-m", "hardware.printers.virtual", *args)


def setup(args: Arguments) -> int:
    """Only set up what the tests need."""
    provision.development()
    return 0


def format(args: Arguments) -> int:
    """Put the code into the house's style."""
    python = provision.development()
    return _call(python, "-m", "ruff", "format", ".") or _call(python, "-m", "ruff", "check", "--fix", ".")


def bench(args: Arguments) -> int:
    """The benchmarks of tests/performance, each a ratio within one run."""
    return _call(provision.development(), "-m", "tests.performance", *args)


def feed(args: Arguments) -> int:
    """Sixteen writers publish a million changes at once; counts what readers missed, and what a naive one did."""
    return _call(provision.development(), "-m", "tests.simulation.feed_writers", *args)


def simulate(args: Arguments) -> int:
    """Tills, server, network, clocks and disks from a seed: --sales N, --seed N --trace, or --planted."""
    return _call(provision.development(), "-m", "tests.simulation", *args)


def chaos(args: Arguments) -> int:
    """Ten real tills and a server under fire for as long as --minutes says, then every figure compared."""
    return _call(provision.development(), "-m", "tests.chaos", *args)


def screenshots(args: Arguments) -> int:
    """Make the README's pictures again."""
    return _call(provision.development(), "-m", "installers.screenshots", *args)


def lock(args: Arguments) -> int:
    """Resolve the dependencies of pyproject.toml again and write locks/."""
    return provision.lock(provision.development())


def clean(args: Arguments) -> int:
    """Remove the virtual environment and what tools left."""
    for name in (
        ".venv",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        "build",
        "demo-output",
        "chaos-output",
    ):
        shutil.rmtree(HERE / name, ignore_errors=True)
    return 0


COMMANDS: tuple[Callable[[Arguments], int], ...] = (
    demo,
    test,
    till,
    server,
    printer,
    bench,
    feed,
    simulate,
    chaos,
    screenshots,
    format,
    setup,
    lock,
    clean,
)


def _call(*command: str | Path) -> int:
    try:
        return subprocess.run([str(part) for part in command], check=False).returncode
    except KeyboardInterrupt:
        return 130


def main(words: list[str]) -> int:
    commands = {command.__name__: command for command in COMMANDS}
    if not words or words[0] not in commands:
        print("Usage: python3 run.py COMMAND [words for it]\n")
        for name, command in commands.items():
            print(f"  {name:12} {(command.__doc__ or '').splitlines()[0]}")
        return 0 if not words or words[0] in ("-h", "--help", "help") else 2
    try:
        return commands[words[0]](words[1:])
    except provision.CannotSetUp as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
