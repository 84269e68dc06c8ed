"""Looks for a seed that catches each planted fault, and keeps the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from tests.simulation.campaign import place_for_workers, run_guarded, settle_in
from tests.simulation.planted import PLANTED, planted
from tests.simulation.world import Result

TABLE = Path(__file__).with_name("PLANTED.md")
MOST_SEEDS = 1_000
_HEADER = """# Planted faults

Each is put into the product from outside (`planted.py`), and must break an invariant in a run of the simulation:
`python -m tests.simulation --planted` looks for a seed that does, among short runs, and writes this table anew;
names behind it restrict it to these.
The tests run each fault with its seed again. One that survives 1,000 seeds fails the command.

| name | the fault | seed | caught by invariant | first complaint |
|---|---|--:|--:|---|
"""


class Caught(NamedTuple):
    """`seed` is 0 where a thousand runs noticed nothing."""

    name: str
    seed: int
    invariant: int
    complaint: str


def hunt_all(processes: int, names: Sequence[str] = ()) -> list[Caught]:
    """Of all faults, or of `names` only."""
    with place_for_workers() as place, _workers(processes, place) as workers:
        found = {}
        for one in as_completed([workers.submit(hunt, name) for name in names or PLANTED]):
            caught = one.result()
            print(f"{caught.name}: {_where(caught)}", flush=True)
            found[caught.name] = caught
    return list(found.values())


def hunt(name: str, first_seed: int = 1, most: int = MOST_SEEDS) -> Caught:
    with planted(PLANTED[name]):
        for seed in range(first_seed, first_seed + most):
            result = run_guarded(seed, brief=True, changed=PLANTED[name].conditions)
            if result.broken:
                return _caught(name, result)
    return Caught(name, 0, 0, "")


def write_table(found: Iterable[Caught]) -> None:
    """Rows of faults that were not looked for stay as they are."""
    rows = {name: line for name, line in _rows() if name in PLANTED}
    for one in found:
        words = (one.name, PLANTED[one.name].what, one.seed or "none", one.invariant, one.complaint)
        rows[one.name] = f"| {' | '.join(map(str, words))} |"
    TABLE.write_text(_HEADER + "".join(f"{rows[name]}\n" for name in PLANTED if name in rows))


def seeds_of_table() -> dict[str, int]:
    rows = {name: line.split("|") for name, line in _rows()}
    return {name: int(row[3]) for name, row in rows.items() if row[3].strip().isdigit()}


def _rows() -> Iterator[tuple[str, str]]:
    """(name, line) of each row, and of the head too."""
    for line in TABLE.read_text().splitlines():
        if line.startswith("| "):
            yield line.split("|")[1].strip(), line


def _caught(name: str, result: Result) -> Caught:
    first = result.broken[0]
    last_line = first.what.strip().splitlines()[-1]
    return Caught(name, result.seed, first.invariant, last_line.replace("|", "/")[:110])


def _where(caught: Caught) -> str:
    if not caught.seed:
        return f"SURVIVED {MOST_SEEDS} seeds"
    return f"seed {caught.seed}, invariant {caught.invariant}: {caught.complaint}"


def _workers(processes: int, place: Path) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=settle_in, initargs=(str(place),), max_tasks_per_child=1
    )
