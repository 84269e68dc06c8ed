"""The server's archive is the same bytes every time, an auditor finds it whole, and a touched row is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from sqlalchemy import update

from shared_models import wire
from shared_models.cash import OperatorLoggedIn
from shared_models.signing import public_key_of
from sync_server.database import Database
from sync_server.errors import Conflict
from sync_server.ingest.tables import ingest_log
from sync_server.recovery.journal_archive import archive
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from verifier.archive import Report, check_archive


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for number in range(6):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))
    till.push(1, 3)
    till.send_raw(wire.pack(till.batch(4, 4)))
    till.push(5)
    return till


def archived(app: Litestar, folder: Path) -> dict[str, bytes]:
    services = app.state.services
    archive(services.db, services.tills.key_of, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def checked(folder: Path, till: ATill) -> Report:
    return check_archive(folder, {public_key_of(till.key).hex()}, set())


def test_what_came_in_parts_and_raw_is_archived_whole_and_always_the_same(
    app: Litestar, till: ATill, tmp_path: Path
) -> None:
    assert archived(app, tmp_path / "one") == archived(app, tmp_path / "two")
    report = checked(tmp_path / "one", till)
    assert (report.entries, report.faults) == (6, ())


def test_a_body_that_somebody_changed_in_the_database_is_named(
    app: Litestar, database: Database, till: ATill, tmp_path: Path
) -> None:
    with database.write() as tx:
        tx.execute(update(ingest_log).where(ingest_log.c.seq == 2).values(body=b"{}"))
    archived(app, tmp_path / "one")
    faults = checked(tmp_path / "one", till).faults
    assert {(fault.seq, fault.incarnation) for fault in faults} == {(2, till.incarnation.hex())}


def test_nothing_is_archived_over_other_files(app: Litestar, till: ATill, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(Conflict, match="not empty"):
        archived(app, tmp_path)
