"""Many seeds, a process on each core, until so many sales were made; one seed in a hundred must run twice alike."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.memory_disk import memory_disk
from tests.simulation.oracle import Broken
from tests.simulation.progress import Progress
from tests.simulation.trace import Show
from tests.simulation.world import Result, run

_LONGEST_RUN_S = 200
"""Of the processor's time: a busy machine is no stall."""
_TWICE_EVERY = 100
_NO_HASH = ""
CORPUS = Path(__file__).with_name("corpus.txt")


def corpus() -> list[tuple[str, int]]:
    """(kind, seed) of what once failed: short and long are for the test command, a day is for a campaign."""
    lines = CORPUS.read_text().splitlines()
    return [(line.split()[0], int(line.split()[1])) for line in lines if not line.startswith("#")]


class Campaign:
    """`sum` adds up what was injected; runs that came to the same hash again are counted in `repeated` only."""

    def __init__(self, sales: int, first_seed: int, processes: int, brief: bool = False) -> None:
        self._sales = sales
        self._first_seed = first_seed
        self.processes = processes
        self._brief = brief
        self._hashes: dict[int, str] = {}
        self.sum: Counter[str] = Counter()
        self.broken: list[Result] = []
        self.repeated = 0
        self.was_stopped = False
        self.elapsed_s = 0.0

    def run(self, tell: Callable[[], None]) -> None:
        """`tell` is called after each run, when the figures have grown."""
        began = time.monotonic()
        with place_for_workers() as place, self._workers(place) as workers:
            try:
                for result in self._results(workers):
                    self._take(result)
                    self.elapsed_s = time.monotonic() - began
                    tell()
            except KeyboardInterrupt:
                self.was_stopped = True
                workers.shutdown(wait=False, cancel_futures=True)

    def _workers(self, place: Path) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.processes, get_context("spawn"), initializer=settle_in, initargs=(str(place),)
        )

    def _results(self, workers: ProcessPoolExecutor) -> Iterator[Result]:
        """In the order in which they end."""
        seeds = self._seeds()
        with Progress(self._sales) as progress:
            running: set[Future[Result]] = set()
            while True:
                while self.sum["sales"] < self._sales and len(running) < 2 * self.processes:
                    running.add(workers.submit(run_guarded, next(seeds), self._brief))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
                    progress.show(self.sum, len(self.broken))

    def _seeds(self) -> Iterator[int]:
        if not self._brief:
            yield from (seed for kind, seed in corpus() if kind == "day")
        for number in count(self._first_seed):
            yield number
            if number % _TWICE_EVERY == 0:
                yield number

    def _take(self, result: Result) -> None:
        before = self._hashes.get(result.seed)
        if result.broken:
            self.broken.append(result)
            print(f"seed {result.seed}: {result.broken[0].what}"[:500], flush=True)
        if before is None:
            self._hashes[result.seed] = result.hash
            self.sum.update(result.tally)
            self.sum["runs"] += 1
            return
        self.repeated += 1
        if before != result.hash:
            self.broken.append(_differs(result))


def _differs(result: Result) -> Result:
    what = Broken(23, "the same seed gave another trace the second time")
    return Result(result.seed, result.brief, result.hash, (what,), {}, ())


def run_guarded(
    seed: int, brief: bool = False, show: Show | None = None, changed: dict[str, object] | None = None
) -> Result:
    """A run that falls over or goes round in circles is a broken run, and the next one goes on."""
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, _LONGEST_RUN_S)
    try:
        return run(seed, brief, show, changed)
    except TooLong:
        return _fell(seed, brief, Broken(21, f"not at an end after {_LONGEST_RUN_S} s of work"))
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        return _fell(seed, brief, Broken(0, traceback.format_exc()))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        logging.disable(logging.NOTSET)


class TooLong(BaseException):
    """Not caught by anything that the product does."""


def _too_long(*_: Any) -> None:
    raise TooLong


def _fell(seed: int, brief: bool, what: Broken) -> Result:
    return Result(seed, brief, _NO_HASH, (what,), {}, ())


@contextmanager
def place_for_workers() -> Iterator[Path]:
    """One folder for all that they write, so that nothing stays behind however they end."""
    place = Path(tempfile.mkdtemp(prefix="evertill-simulation-", dir=memory_disk()))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def settle_in(place: str) -> None:
    gc.set_threshold(100_000, 20, 20)
    os.environ["TMPDIR"] = tempfile.tempdir = place
    signal.signal(signal.SIGINT, signal.SIG_IGN)
