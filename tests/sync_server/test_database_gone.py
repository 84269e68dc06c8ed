"""The database goes away under a server that runs, and comes back."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database


class Closed:
    """Within the block nobody can connect to the database, and whoever was connected is thrown out."""

    def __init__(self, uri: str, database: Database) -> None:
        self._uri = uri
        self._name = database.engine.url.database

    def __enter__(self) -> None:
        self._run(f"alter database {self._name} with allow_connections false")
        self._run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self._name}'")

    def __exit__(self, *reason: Any) -> None:
        self._run(f"alter database {self._name} with allow_connections true")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    return postgresql_database


@pytest.mark.postgres
@pytest.mark.expects_log
def test_a_server_without_its_database_says_so_and_goes_on_when_it_is_back(
    app: Litestar,
    office: TestClient[Litestar],
    database: Database,
    postgresql_uri: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert office.get("/api/v1/stores").status_code == 200
    with Closed(postgresql_uri, database):
        answer = office.get("/api/v1/stores")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unreachable")
    assert "Try again" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0, "no till takes its batch for the cause"
    ours = [record for record in caplog.records if record.name.startswith("sync_server")]
    assert [record.levelno for record in ours if record.levelno > logging.INFO] == [logging.WARNING]
    assert office.get("/api/v1/stores").status_code == 200
