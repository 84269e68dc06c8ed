"""Ctrl C, the end of the terminal or of the machine: the demo leaves by the way out that stops server and till."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class _Leaving:
    """`told` is the signal that came while a process was starting."""

    starting = False
    told = 0


_leaving = _Leaving()


def leave_when_told() -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        told = getattr(signal, name, None)
        if told and signal.getsignal(told) is not signal.SIG_IGN:  # ignored under nohup, say
            signal.signal(told, _leave)


@contextmanager
def once_started() -> Iterator[None]:
    """Around the start of a process: who is told to end meanwhile leaves at the end of it, when the process is known.

    Else it would run on: a child is there before `Popen` has returned, and a signal to both is lost on a child that
    is not yet a program of its own.
    """
    _leaving.starting, _leaving.told = True, 0
    try:
        yield
    finally:
        _leaving.starting = False
    if _leaving.told:
        sys.exit(128 + _leaving.told)


def _leave(number: int, frame: FrameType | None) -> None:
    if _leaving.starting:
        _leaving.told = number
    else:
        sys.exit(128 + number)
