"""What a supervisor asks: does the process answer, and can it serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from litestar import get
from sqlalchemy.exc import SQLAlchemyError

from shared_models.errors import ShopError
from sync_server.auth import public
from sync_server.database import Database, Transaction
from sync_server.migrations import is_current


class NotReady(ShopError):
    """Come again later."""

    code = "not_ready"
    status = 503


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """`journal_checked_ms` is when the last full reading of the stored journals ended."""

    status: str
    journal_checked_ms: int | None = None


class Checked(Protocol):
    @property
    def ended_ms(self) -> int | None: ...


def routes(db: Database, checked: Callable[[Transaction], Checked] | None = None) -> list[Any]:
    """A hub, which keeps entries only for a while, has none that is `checked`."""

    @get("/health", guards=[public], sync_to_thread=False, summary="The process answers")
    def health() -> Health:
        return Health("up")

    @get(
        "/ready",
        guards=[public],
        sync_to_thread=True,
        summary="The database is reachable and its schema is the one that this version expects",
    )
    def ready() -> Health:
        try:
            current = is_current(db)
        except SQLAlchemyError as reason:
            raise NotReady("The database can't be reached.") from reason
        if not current:
            raise NotReady("The database is of another version. Run evertill-server migrate.")
        if checked is None:
            return Health("ready")
        with db.read() as tx:
            return Health("ready", checked(tx).ended_ms)

    return [health, ready]
