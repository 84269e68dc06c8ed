"""The server's `Database`, one for the whole process: its compiled statements are no state that a crash could lose.

It is opened on a link, which each life of a server points at its own folder. What a life notes of a transaction is
forgotten with it.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event

from sync_server.database import Database
from tests.simulation.disk import SERVER_FILE, Life

FailIfFull = Callable[[str], None]


class _Watch:
    """Who looks on at the moment."""

    life: Life
    fail_if_full: FailIfFull


_watch = _Watch()


def database_on(folder: Path, life: Life, fail_if_full: FailIfFull) -> Database:
    """Every statement is a step of `life`, and so is every commit; the database before it must be closed."""
    db, link = _the_one()
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    _watch.life, _watch.fail_if_full = life, fail_if_full
    db.before_commit.clear()
    db.after_commit[:] = [lambda _: life.after("commit", ())]
    return db


@cache
def _the_one() -> tuple[Database, Path]:
    place = Path(tempfile.mkdtemp(prefix="evertill-simulated-server-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    link = place / "life"
    db = Database(f"sqlite:///{link / SERVER_FILE}", pool_size=2)
    link.rmdir()

    @event.listens_for(db.engine, "before_cursor_execute")
    def before(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        _watch.life.before(statement)
        _watch.fail_if_full(statement)

    @event.listens_for(db.engine, "after_cursor_execute")
    def after(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        _watch.life.after(statement, parameters)

    @event.listens_for(db.engine, "commit")
    def commit(_: Any) -> None:
        _watch.life.before("commit")

    return db, link
