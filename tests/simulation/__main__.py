"""Runs the simulation: one seed to look at, or as many as a number of sales takes.

python -m tests.simulation --seed 7 --trace
python -m tests.simulation --sales 1000000
python -m tests.simulation --planted
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tests.simulation.campaign import Campaign, run_guarded
from tests.simulation.hunt import hunt_all, write_table
from tests.simulation.planted import PLANTED
from tests.simulation.report import KeptReport, in_words, outcome

_REPORT = Path("build/simulation.md")


def main(words: list[str]) -> int:
    asked = _parse(words)
    if asked.planted is not None:
        return _planted(asked)
    if asked.seed is not None:
        return _one(asked)
    return _many(asked)


def _one(asked: Namespace) -> int:
    result = run_guarded(asked.seed, asked.brief, print if asked.trace else None)
    if result.broken and not asked.trace:
        print("\n".join(result.latest))
    print(in_words(result))
    return 1 if result.broken else 0


def _many(asked: Namespace) -> int:
    campaign = Campaign(asked.sales, asked.first_seed, asked.processes, asked.brief)
    report = KeptReport(asked.report, lambda: outcome(campaign))
    campaign.run(report.write_now_and_then)
    print(f"\n{report.write()}\nThis report is in {asked.report}.")
    return 1 if campaign.broken or campaign.was_stopped else 0


def _planted(asked: Namespace) -> int:
    found = hunt_all(asked.processes, asked.planted)
    write_table(found)
    return 0 if all(one.seed for one in found) else 1


def _parse(words: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="one run")
    parser.add_argument("--trace", action="store_true", help="with --seed: show what happens as it happens")
    parser.add_argument("--brief", action="store_true", help="short runs, as the test command has them")
    parser.add_argument(
        "--planted", nargs="*", choices=PLANTED, metavar="NAME", help="find a seed for each planted fault"
    )
    parser.add_argument("--sales", type=int, default=20_000, help="as many runs as it takes")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, default=_REPORT)
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
