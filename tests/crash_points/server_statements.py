"""Hears every statement that the server sends to its database, on SQLite and PostgreSQL, before and after it.

SQLAlchemy's events tell of all that goes through it. It has none for the moment after a commit, nor for COPY, which
the server hands to the driver itself; both are heard where they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import Engine, Pool, event
from sqlalchemy.engine.default import DefaultDialect


class Step(NamedTuple):
    """`when` is before or after; `driver` is the driver's connection that the statement goes over."""

    when: str
    statement: str
    driver: Any

    @property
    def where(self) -> str:
        return f"{self.when} {' '.join(self.statement.split()):.70}"


OnStep = Callable[[Step], None]
COMMIT = "commit"
_SMALL_CACHE = "pragma cache_size=2"
"""Half of a transaction is in the log, or in the file, before its commit."""


@contextmanager
def listening(on_step: OnStep) -> Iterator[None]:
    """To all engines there are, those too that are made within."""

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        on_step(Step("before", statement, _driver_of(connection)))

    def after(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        on_step(Step("after", statement, _driver_of(connection)))

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        with pytest.MonkeyPatch.context() as patch:
            _hear_commits(patch, on_step)
            _hear_copies(patch, on_step)
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


@contextmanager
def small_caches() -> Iterator[None]:
    """For SQLite connections that are opened within."""

    def connected(driver: Any, _: Any) -> None:
        driver.execute(_SMALL_CACHE)

    event.listen(Pool, "connect", connected)
    try:
        yield
    finally:
        event.remove(Pool, "connect", connected)


def _driver_of(connection: Any) -> Any:
    return connection.connection.driver_connection


def _hear_commits(patch: pytest.MonkeyPatch, on_step: OnStep) -> None:
    real = DefaultDialect.do_commit

    def do_commit(self: Any, driver: Any) -> None:
        plain = getattr(driver, "driver_connection", driver)
        on_step(Step("before", COMMIT, plain))
        real(self, driver)
        on_step(Step("after", COMMIT, plain))

    patch.setattr(DefaultDialect, "do_commit", do_commit)


def _hear_copies(patch: pytest.MonkeyPatch, on_step: OnStep) -> None:
    real = psycopg.Cursor.copy

    @contextmanager
    def copy(self: Any, statement: Any, *arguments: Any, **more: Any) -> Iterator[Any]:
        on_step(Step("before", statement, self.connection))
        with real(self, statement, *arguments, **more) as copying:
            yield copying
        on_step(Step("after", statement, self.connection))

    patch.setattr(psycopg.Cursor, "copy", copy)
