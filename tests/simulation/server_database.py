"""A machine's `Database`, one for the whole process: its compiled statements are no state that a crash could lose.

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
from sqlalchemy.exc import OperationalError

from sync_server.database import Database
from tests.simulation.disk import SERVER_FILE, Life

FailIfFull = Callable[[str], None]


class _Watch:
    """Who looks on at the moment."""

    life: Life
    fail_if_full: FailIfFull


def database_on(folder: Path, life: Life, fail_if_full: FailIfFull, machine: str = "server") -> Database:
    """Every statement is a step of `life`, and so is every commit; the machine's database before must be closed."""
    db, link, watch = _the_one(machine)
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    watch.life, watch.fail_if_full = life, fail_if_full
    db.before_commit.clear()
    db.after_commit[:] = [lambda _: life.after("commit", ())]
    return db


def fails_if_full(is_full: Callable[[], bool], count: Callable[[], None]) -> FailIfFull:
    """What a disk does with a statement that writes, where it has no room; `count` is called each time."""

    def fail(statement: str) -> None:
        if is_full() and statement.lstrip()[:6].lower() in ("insert", "update", "delete"):
            count()
            raise OperationalError(statement, None, Exception("database or disk is full"))

    return fail


@cache
def _the_one(machine: str) -> tuple[Database, Path, _Watch]:
    watch = _Watch()
    place = Path(tempfile.mkdtemp(prefix=f"evertill-simulated-{machine}-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    link = place / "life"
    db = Database(f"sqlite:///{link / SERVER_FILE}", pool_size=2)
    link.rmdir()

    @event.listens_for(db.engine, "before_cursor_execute")
    def before(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        watch.life.before(statement)
        watch.fail_if_full(statement)

    @event.listens_for(db.engine, "after_cursor_execute")
    def after(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        watch.life.after(statement, parameters)

    @event.listens_for(db.engine, "commit")
    def commit(_: Any) -> None:
        watch.life.before("commit")

    return db, link, watch
