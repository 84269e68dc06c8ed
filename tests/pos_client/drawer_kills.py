"""Kills a till between the commit of a sale and the drawer's pulse, again and again, and counts the pulses.

By itself, with a thousand kills: `python -m tests.pos_client.drawer_kills --kills 1000`. Linux and macOS only.

A process that has everything loaded forks a till for each sale and kills it with SIGKILL a random time after the
commit; a second till on the same files then does what a till does when it starts again. It is sometimes killed too.
The books, the spooler, the drawer's driver and the socket are the product's.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hardware.drawers.printer_pulse import PrinterPulseDrawer
from hardware.escpos.encoder import encode
from hardware.escpos.profile import GENERIC_80_MM, profile_named
from hardware.printers.escpos_printer import EscposPrinter, PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.receipt_document import Cut, ReceiptDocument, Text
from pos_client.spooler import Spooler
from pos_client.store.books import TillBooks
from tests.pos_client.store.made_up_shop import a_sale, open_books

ROOT = Path(__file__).parents[2]
IDS_A_TILL = 1_000
LONGEST_FUSE_S = 0.012
SHARE_KILLED_AGAIN = 0.2
LONGEST_SECOND_FUSE_S = 0.06
WAIT_S = 20.0


@dataclass(frozen=True)
class Outcome:
    """Of one sale: where its drawer job stood when the till died, where it ended, how often the drawer opened."""

    at_the_kill: str
    at_the_end: str
    pulses: int
    was_killed_again: bool


def campaign(folder: Path, kills: int, seed: int) -> list[Outcome]:
    """One outcome for each of at least `kills` kills."""
    chance = random.Random(seed)
    outcomes: list[Outcome] = []
    with VirtualPrinter(port=0) as printer, ForkServer(folder, printer.port) as server:
        for number in range(kills):
            before = len(printer.pulses)
            at_the_kill = server.order("sell", number * 10 + 1, chance.uniform(0, LONGEST_FUSE_S))
            again = chance.random() < SHARE_KILLED_AGAIN
            if again:
                server.order("recover", number * 10 + 2, chance.uniform(0, LONGEST_SECOND_FUSE_S))
            at_the_end = server.order("recover", number * 10 + 3, None)
            outcomes.append(Outcome(at_the_kill, at_the_end, settled(printer) - before, again))
    return outcomes


def settled(printer: VirtualPrinter) -> int:
    """How many pulses came, once nothing is on its way any more; the till that sent them has ended."""
    count = -1
    while count != len(printer.pulses):
        count = len(printer.pulses)
        time.sleep(0.01)
    return count


def fault(outcome: Outcome) -> str:
    """What is wrong with it, or nothing."""
    if outcome.pulses > 1:
        return "pulsed more than once"
    if outcome.at_the_end not in ("done", "uncertain"):
        return f"left {outcome.at_the_end}"
    if outcome.at_the_end == "done" and outcome.pulses != 1:
        return "said to be done without a pulse"
    if outcome.at_the_kill == "queued" and not outcome.was_killed_again and outcome.at_the_end != "done":
        return "waited in the queue and was not sent by the next start"
    return ""


class ForkServer:
    """Takes orders line by line in a process of its own, which must have no threads when it forks."""

    def __init__(self, folder: Path, port: int) -> None:
        self._command = [
            sys.executable,
            "-m",
            "tests.pos_client.drawer_kills",
            "--serve",
            str(folder),
            str(port),
        ]

    def __enter__(self) -> ForkServer:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait(WAIT_S)

    def order(self, what: str, start: int, fuse_s: float | None) -> str:
        """The state of the newest drawer job afterwards."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what} {start * IDS_A_TILL} {'-' if fuse_s is None else fuse_s}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def serve(folder: Path, port: int) -> None:
    encode(ReceiptDocument((Text("loads what a till has loaded"), Cut())), profile_named(GENERIC_80_MM))
    for line in sys.stdin:
        what, start, fuse = line.split()
        _fork(what, folder, port, int(start), None if fuse == "-" else float(fuse))
        print(newest_drawer_job(folder), flush=True)


def _fork(what: str, folder: Path, port: int, start: int, fuse_s: float | None) -> None:
    """A till in a process of its own, killed `fuse_s` after it said that it had committed, or had begun."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        {"sell": _sell, "recover": _recover}[what](folder, port, start, said)
        os._exit(0)
    os.close(said)
    os.read(heard, 1)
    os.close(heard)
    if fuse_s is not None:
        time.sleep(fuse_s)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _sell(folder: Path, port: int, start: int, said: int) -> None:
    books, spooler = _till(folder, port, start)

    def committed() -> None:
        os.write(said, b"!")
        spooler.wake()

    books.on_jobs = committed
    spooler.start()
    books.post_sale(a_sale(), open_drawer=True)
    time.sleep(WAIT_S)


def _recover(folder: Path, port: int, start: int, said: int) -> None:
    os.write(said, b"!")
    books, spooler = _till(folder, port, start)
    spooler.start()
    deadline = time.monotonic() + WAIT_S
    while _open_drawer_jobs(books) and time.monotonic() < deadline:
        time.sleep(0.002)
    spooler.stop()
    books.close()


def _till(folder: Path, port: int, start: int) -> tuple[TillBooks, Spooler]:
    books = open_books(folder, start)
    printer = EscposPrinter(PrinterSettings(f"tcp://127.0.0.1:{port}"))
    drawer = PrinterPulseDrawer(printer.transport)
    return books, Spooler(books.jobs, printer, drawer, report=lambda status: None)


def _open_drawer_jobs(books: TillBooks) -> bool:
    return any(job.kind == "drawer" for state in ("queued", "sending") for job in books.jobs.having(state))


def newest_drawer_job(folder: Path) -> str:
    connection = sqlite3.connect(folder / "books" / "till.db")
    row = connection.execute(
        "select state from job where kind = 'drawer' order by id desc limit 1"
    ).fetchone()
    connection.close()
    return str(row[0]) if row else "none"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"))
    chosen = options.parse_args()
    if chosen.serve:
        serve(Path(chosen.serve[0]), int(chosen.serve[1]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        outcomes = campaign(Path(folder), chosen.kills, chosen.seed)
    for (at_the_kill, at_the_end, pulses), count in sorted(
        Counter((o.at_the_kill, o.at_the_end, o.pulses) for o in outcomes).items()
    ):
        print(f"{count:6} sales: {at_the_kill} at the kill, {at_the_end} at the end, {pulses} pulses")
    faults = Counter(filter(None, map(fault, outcomes)))
    print(f"{len(outcomes)} kills, seed {chosen.seed}: {dict(faults) or 'never more than one pulse'}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
