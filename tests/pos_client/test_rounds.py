"""The till's periodic work goes on whatever a task meets, and ends with the till."""

from __future__ import annotations

import queue

import pytest

from pos_client.rounds import Rounds

WAIT_S = 20


@pytest.mark.expects_log
def test_a_task_that_fails_comes_again() -> None:
    seen: queue.Queue[int] = queue.Queue()

    def task() -> None:
        seen.put(1)
        raise RuntimeError("the disk was away")

    rounds = Rounds()
    rounds.every(0.01, task, "look")
    rounds.start()
    for _ in range(3):
        seen.get(timeout=WAIT_S)
    rounds.stop()
    while not seen.empty():
        seen.get()
    with pytest.raises(queue.Empty):
        seen.get(timeout=0.1)


def test_stopping_what_never_started_does_nothing() -> None:
    Rounds().stop()
