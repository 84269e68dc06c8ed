"""A server in a box: its database on SQLite and on PostgreSQL, its application, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database
from sync_server.services import Services
from sync_server.settings import Settings
from tests.empty_shop import empty_shop
from tests.sync_server.kept_app import KeptApplications

PASSWORD = "correct horse battery"


class Clock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    database = empty_shop(tmp_path / "shop.db")
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
def services(app: Litestar) -> Services:
    found: Services = app.state.services
    return found


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
