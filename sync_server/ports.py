"""What services are given instead of reaching for it: time, identifiers, and the feed to the tills."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection

NowMs = Callable[[], int]
"""UTC in milliseconds."""
ElapsedMs = Callable[[], int]
"""Milliseconds since some moment, whatever happens to the clock on the wall."""
NewId = Callable[[], str]
"""A fresh identifier, 32 hex digits."""

_COUNTED = 1 << 12
_RANDOM_BITS = 62


class Publisher(Protocol):
    """Puts reference data on its way to the tills, as part of the caller's transaction.

    Changes are collected and written just before the commit, in stream order; a rollback forgets them.
    """

    def publish(self, tx: Connection, stream: str, thing: Any) -> None:
        """`thing` is one of `shared_models.reference.ENTITIES`; an unchanged one costs no version."""

    def withdraw(self, tx: Connection, stream: str, entity: str, id: str) -> None:
        """The thing is gone: tills delete it."""


def system_now_ms() -> int:
    return time.time_ns() // 1_000_000


def elapsed_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def random_id() -> str:
    return uuid.uuid4().hex


class OrderedIds:
    """A `NewId` whose ids rise with time and with every call: for what comes in millions and need not be guessed at.

    UUIDs of version 8: milliseconds, a count within one, and 62 bits that are random once per process. A million random
    ids are 16 MB that nothing packs, in each table and index that holds them; these pack to a tenth.
    """

    def __init__(self, now_ms: NowMs, new_id: NewId) -> None:
        self._now_ms = now_ms
        self._of_process = 2 << _RANDOM_BITS | int(new_id(), 16) % (1 << _RANDOM_BITS)
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self._last = max(self._now_ms() * _COUNTED, self._last + 1)
            ms, count = divmod(self._last, _COUNTED)
        return f"{ms << 80 | 8 << 76 | count << 64 | self._of_process:032x}"
