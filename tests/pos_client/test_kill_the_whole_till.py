"""The whole till is killed while it sells, prints and opens the drawer: paper, drawer and journal agree."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hardware.printers.virtual import VirtualPrinter
from pos_client.journal_check import verify
from pos_client.settings import TillSettings
from pos_client.store.books import TillBooks
from pos_client.sync.identity import load_or_create
from pos_client.this_machine import SystemClock, SystemIds, random_bytes
from pos_client.till_folder import BOOKS_FILE
from tests.pos_client.ready_till import environment, ready
from tests.pos_client.store.made_up_shop import receipt

ROOT = Path(__file__).parents[2]
KILLS = 6
SEED = 20261121
REMEMBERED = 400
"""The newest sales, whose drawer jobs are still known: a till forgets what was done a thousand jobs ago."""


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_paper_drawer_and_journal_agree_after_kills(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    said: list[str] = []
    with VirtualPrinter(port=0) as printer:
        settings = ready(tmp_path / "till", f"tcp://127.0.0.1:{printer.port}")
        for _ in range(KILLS):
            said += sell_until_killed(settings, printer, chance.randint(1, 4), chance.random() / 5)
        printed = {code.data for paper in printer.receipts for code in paper.barcodes}
        pulses = len(printer.pulses)
    numbers, sales, pulse_jobs = what_the_books_say(settings)
    assert len(said) >= KILLS
    assert set(said) <= set(numbers)
    assert len(printed) >= KILLS
    assert printed <= set(numbers)
    assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, len(numbers) + 1))
    assert len(pulse_jobs) == len(set(pulse_jobs))
    assert set(sales[-REMEMBERED:]) <= set(pulse_jobs) <= set(sales)
    assert 0 < pulses <= len(numbers)
    identity = load_or_create(settings.data_dir / "identity", use_keyring=False)
    assert verify(settings.data_dir / BOOKS_FILE, None, identity.public_key).faults == ()


def sell_until_killed(
    settings: TillSettings, printer: VirtualPrinter, after: int, pause_s: float
) -> list[str]:
    """The numbers that the till said after their commits; it is killed a little after so much more paper."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.pos_client.selling_till", "forever"],
        cwd=ROOT,
        env=environment(settings),
        stdout=subprocess.PIPE,
    ) as till:
        assert till.stdout is not None
        printer.wait_for_receipts(len(printer.receipts) + after, timeout_s=30)
        timer = threading.Timer(pause_s, till.kill)
        timer.start()
        said = till.stdout.readlines()
        timer.join()
    assert till.returncode == -signal.SIGKILL
    return [number.decode().strip() for number in said if number.endswith(b"\n")]


def what_the_books_say(settings: TillSettings) -> tuple[list[str], list[int], list[int]]:
    """Receipt numbers in order, the entries of these sales, and the entry of every drawer job that is known."""
    identity = load_or_create(settings.data_dir / "identity", use_keyring=False)
    books = TillBooks(
        settings.data_dir / BOOKS_FILE,
        till_id="03-2",
        sign=identity.sign,
        clock=SystemClock(),
        ids=SystemIds(),
        mint=random_bytes,
        render=receipt,
        anchor_path=settings.data_dir / "no-anchor.json",
        ballast_bytes=0,
        log_bytes=0,
    )
    numbers = [posted.sale.receipt_number for posted in reversed(books.recent_sales(1_000_000))]
    states = ("queued", "sending", "done", "uncertain", "cancelled")
    pulse_jobs = [job.pos for state in states for job in books.jobs.having(state) if job.kind == "drawer"]
    with books.database.read() as connection:
        sales = [pos for (pos,) in connection.execute("select pos from sale order by pos")]
    books.close()
    return numbers, sales, pulse_jobs
