"""What a supervisor hears from the server."""

from __future__ import annotations

from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import text

from sync_server.app import create_app
from sync_server.database import Database
from sync_server.migrations import configuration, is_current, migrate
from sync_server.settings import Settings

Client = TestClient[Litestar]


def test_a_process_that_is_up_says_so_to_anyone(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


def test_a_server_whose_database_is_of_another_version_is_not_ready(
    client: Client, database: Database
) -> None:
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "evertill-server migrate" in answer.json()["detail"]
    from alembic import command

    with database.write() as tx:
        command.stamp(configuration(tx), "head")
    assert client.get("/ready").json() == {"status": "ready"}


def test_a_server_without_its_database_is_not_ready(settings: Settings) -> None:
    db = Database(settings.url())
    migrate(db)
    assert is_current(db)
    with TestClient(create_app(settings, database=db)) as client:
        assert client.get("/ready").status_code == 200
        with db.write() as tx:
            tx.execute(text("drop table alembic_version"))
        assert client.get("/ready").status_code == 503
    db.close()


def test_a_postgresql_that_is_gone_is_told_in_words(settings: Settings) -> None:
    db = Database("postgresql://nobody@127.0.0.1:1/none")
    with TestClient(create_app(settings, database=db)) as client:
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "can't be reached" in answer.json()["detail"]
