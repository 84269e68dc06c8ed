"""Tests share the routes of one application; nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec.structs import replace
from sqlalchemy import select

from sync_server.accounts.tables import log_in as log_in_table
from sync_server.database import Database
from sync_server.schema import metadata
from sync_server.settings import Settings
from tests.sync_server.conftest import PASSWORD, Clock
from tests.sync_server.kept_app import KeptApplications

GUESSES = 12
"""More wrong passwords than the server takes without a pause."""


@pytest.fixture
def kept(tmp_path: Path) -> KeptApplications:
    return KeptApplications(tmp_path / "kept")


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[list[Database]]:
    made = [Database(f"sqlite:///{tmp_path / name}.db") for name in ("first", "second")]
    for one in made:
        metadata.create_all(one.engine)
    yield made
    for one in made:
        one.close()


def test_the_next_tests_server_remembers_nothing_of_the_one_before(
    kept: KeptApplications, databases: list[Database], settings: Settings, tmp_path: Path
) -> None:
    first, second = databases
    early, late = Clock(), Clock()
    late.advance(1_000)
    app = kept.over(settings, first, early)
    with TestClient(app) as client:
        said = [log_in(client) for _ in range(GUESSES)]
    assert (said[0], said[-1]) == (401, 429)

    again = kept.over(replace(settings, data_dir=tmp_path / "elsewhere"), second, late)
    assert again is app, "else this shows nothing"
    services = again.state.services
    with TestClient(again) as client:
        assert log_in(client) == 401
        with services.db.write() as tx:
            services.accounts.create(tx, "Ada", PASSWORD, "admin")
        assert log_in(client) == 200
    assert [len(log_ins(one)) for one in databases] == [said.count(401), 2]
    assert set(log_ins(second)) == {late.now}
    services.checked_files.keep("a" * 32, b"sku")
    assert len(list((tmp_path / "elsewhere" / "imports").iterdir())) == 1


def log_in(client: TestClient[Litestar]) -> int:
    answer = client.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD})
    return answer.status_code


def log_ins(database: Database) -> list[int]:
    """When somebody tried."""
    with database.read() as tx:
        return list(tx.scalars(select(log_in_table.c.at_ms)))
