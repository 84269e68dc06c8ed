"""One run from its first to its last word; `tests.chaos` starts it with everything decided."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.chaos import namespace
from tests.chaos.faults import schedule
from tests.chaos.report import as_text, progress_line
from tests.chaos.siege import Siege
from tests.chaos.siege_works import besieged

_A_LINE_EVERY_S = 10.0
"""Where the progress can't be written over itself."""


class Orders(msgspec.Struct, frozen=True):
    """`drained_within_s` of the last fault everything must be sent and booked."""

    folder: Path
    minutes: float
    seed: int
    tills: int
    drained_within_s: float
    report: Path


def main(words: Sequence[str]) -> int:
    folder, minutes, seed, tills, drained_within_s, report = words
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    orders = Orders(
        Path(folder), float(minutes), int(seed), int(tills), float(drained_within_s), Path(report)
    )
    return attack(orders)


def attack(orders: Orders) -> int:
    faults = schedule(orders.seed, orders.minutes, orders.tills)
    title = f"Chaos: {orders.minutes:g} minutes, {orders.tills} tills, PostgreSQL, seed {orders.seed}; {_network()}"
    print(f"{title}\n{len(faults)} faults", flush=True)
    outcome = besieged(
        orders.folder, faults, orders.seed, orders.tills, orders.drained_within_s, Progress().show
    )
    text = as_text(outcome, title, orders.drained_within_s)
    orders.report.parent.mkdir(parents=True, exist_ok=True)
    orders.report.write_text(f"{text}\n")
    print(f"\n\n{text}\n\nThis is also in {orders.report}.")
    return 1 if outcome.breaks else 0


def _network() -> str:
    if namespace.inside_own_network():
        return "each till in a network namespace, packets dropped by nftables"
    reason = namespace.why_not()
    return f"by proxy alone, without network namespaces{f' ({reason})' if reason else ''}"


class Progress:
    """One line that is written over itself at a terminal, and else a new one now and then."""

    def __init__(self) -> None:
        self._shown_at_s = -_A_LINE_EVERY_S

    def show(self, siege: Siege) -> None:
        if sys.stdout.isatty():
            print(f"\r{progress_line(siege)}", end="\033[K", flush=True)
        elif siege.elapsed_s >= self._shown_at_s + _A_LINE_EVERY_S:
            self._shown_at_s = siege.elapsed_s
            print(progress_line(siege), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
