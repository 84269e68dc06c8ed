"""The till is killed while it sells, again and again: every printed receipt is in the journal."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from pathlib import Path

import pytest

from pos_client.journal_check import verify
from tests.forks import FORKS
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, open_books
from tests.pos_client.store.selling_child import sell_for_ever

KILLS = int(os.environ.get("EVERTILL_KILLS", "200"))
SEED = 20261121


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_printed_receipt_is_lost_when_the_till_is_killed(tmp_path: Path) -> None:
    printed: list[str] = []
    choice = random.Random(SEED)
    for run in range(1, KILLS + 1):
        printed += sell_until_killed(
            tmp_path, run, after=choice.randint(1, 12), pause_s=choice.random() / 500
        )
    assert len(printed) >= KILLS
    books = open_books(tmp_path, start=10_000_000_000)
    numbers = [posted.sale.receipt_number for posted in reversed(books.recent_sales(1_000_000))]
    assert set(printed) <= set(numbers)
    assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, len(numbers) + 1))
    assert all(posted.sale.lines == a_sale().lines for posted in books.recent_sales(100))
    states = ("queued", "sending", "done", "uncertain", "cancelled")
    jobs = [(job.pos, job.kind) for state in states for job in books.jobs.having(state)]
    assert len(jobs) == len(set(jobs)) == 2 * len(numbers)
    books.close()
    report = verify(books.database.path, None, PUBLIC_KEY)
    assert report.faults == ()
    assert (report.entries, report.sales, report.incarnations) == (len(numbers), len(numbers), 1)


def sell_until_killed(folder: Path, run: int, after: int, pause_s: float) -> list[str]:
    """Kills a little after so many receipts, so that it hits any point of a sale."""
    receives, sends = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=sell_for_ever, args=(folder, run, sends))
    child.start()
    sends.close()
    printed = [receives.recv_bytes().decode() for _ in range(after)]
    timer = threading.Timer(pause_s, child.kill)
    timer.start()
    # What was cut off in the middle was not printed.
    with receives, contextlib.suppress(EOFError, OSError):
        while True:
            printed.append(receives.recv_bytes().decode())
    child.join(60)
    timer.join()
    assert child.exitcode == -signal.SIGKILL
    return printed
