"""What services are given instead of reaching for it: time, identifiers, and the feed to the tills."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection

NowMs = Callable[[], int]
"""UTC in milliseconds."""
NewId = Callable[[], str]
"""A fresh random identifier, 32 hex digits."""


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


def random_id() -> str:
    return uuid.uuid4().hex
