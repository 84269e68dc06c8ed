"""Ctrl C at the worst moment: while the demo starts its server or its till."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installers.demo.leaving import leave_when_told, once_started
from installers.demo.open_counter import OpenCounter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
ORDERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers_as_they_were(ctrl_c: None) -> Iterator[None]:
    before = {order: signal.getsignal(order) for order in ORDERS}
    yield
    for order, handler in before.items():
        signal.signal(order, handler)


@pytest.mark.parametrize("program", ["sync_server.cli serve", "pos_client"])
def test_what_was_just_starting_when_the_demo_was_told_to_end_is_stopped(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()  # a shop of an earlier day: nothing is set up
    started = told_right_after_the_fork(monkeypatch, program)
    leave_when_told()

    with pytest.raises(SystemExit) as left:
        OpenCounter(tmp_path).run()

    assert left.value.code == 128 + signal.SIGTERM
    assert [runs(each) for each in started] == [False]


def test_who_is_told_to_end_between_two_starts_leaves_at_once() -> None:
    leave_when_told()
    with once_started():
        pass
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGINT)


def told_right_after_the_fork(monkeypatch: pytest.MonkeyPatch, program: str) -> list[int]:
    """The processes that ran `program`: each was forked when SIGTERM came, and nobody had its number yet."""
    fork, started = subprocess._fork_exec, list[int]()  # type: ignore[attr-defined]

    def fork_and_tell(words: list[str], *rest: Any) -> int:
        number: int = fork(words, *rest)
        if f" -m {program}" in " ".join(words):
            started.append(number)
            signal.raise_signal(signal.SIGTERM)
        return number

    monkeypatch.setattr(subprocess, "_fork_exec", fork_and_tell)
    return started


def runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    os.kill(number, signal.SIGKILL)
    return True
