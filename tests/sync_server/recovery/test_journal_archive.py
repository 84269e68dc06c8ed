"""The server's archive is the same bytes every time, an auditor finds it whole, and a touched row is named."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
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
from sync_server.recovery.journal_archive import Wanted, archive
from sync_server.settings import Settings
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
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


def archived(app: Litestar, folder: Path, **wanted: str) -> dict[str, bytes]:
    services = app.state.services
    archive(services.db, services.tills.key_of, folder, Wanted(**wanted))
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


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_over_http_is_byte_for_byte_the_one_of_the_command(
    app: Litestar, office: Client, till: ATill, settings: Settings, tmp_path: Path
) -> None:
    answer = office.get("/api/v1/evidence/archive", params={"store_id": "03"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert 'filename="journals-03.zip"' in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    archive(app.state.services.db, app.state.services.tills.key_of, tmp_path / "one.zip", Wanted("03"))
    assert answer.content == (tmp_path / "one.zip").read_bytes()
    assert unpacked(answer.content) == archived(app, tmp_path / "folder", store_id="03")
    assert checked(tmp_path / "folder", till).faults == ()
    assert list((settings.data_dir / "archives").iterdir()) == []
    assert unpacked(office.get("/api/v1/evidence/archive?store_id=99").content).keys() == {
        "archive.json",
        "closings.ndjson",
    }


def test_who_may_not_read_evidence_gets_no_archive(app: Litestar, database: Database, client: Client) -> None:
    assert client.get("/api/v1/evidence/archive").status_code == 401
    with database.write() as tx:
        app.state.services.accounts.create(tx, "Max", PASSWORD, "manager")
    token = client.post("/api/v1/auth/login", json={"name": "Max", "password": PASSWORD}).json()["token"]
    answer = client.get("/api/v1/evidence/archive", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


NOVEMBER = 1_793_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def month(app: Litestar, database: Database, client: Client) -> ATill:
    """Two entries a day from the 26th of October 2026 on."""
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for number in range(10):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"), at_ms=NOVEMBER + number // 2 * DAY_MS)
    till.push()
    return till


@pytest.mark.parametrize(
    ("days", "seqs"),
    [
        ({"first_day": "2026-10-27", "last_day": "2026-10-28"}, (3, 6)),
        ({"first_day": "2026-10-28"}, (5, 10)),
        ({"last_day": "2026-10-26"}, (1, 2)),
    ],
)
def test_some_days_are_archived_as_a_part_that_says_so(
    app: Litestar, month: ATill, tmp_path: Path, days: dict[str, str], seqs: tuple[int, int]
) -> None:
    archived(app, tmp_path / "one", **days)
    report = checked(tmp_path / "one", month)
    assert (report.entries, report.faults) == (seqs[1] - seqs[0] + 1, ())
    assert report.parts == (((month.incarnation.hex(), *seqs),) if seqs[0] > 1 else ())


def test_the_first_entry_of_a_part_can_not_be_taken_away(app: Litestar, month: ATill, tmp_path: Path) -> None:
    archived(app, tmp_path / "one", first_day="2026-10-27")
    (journal,) = (tmp_path / "one").glob("*.jsonl")
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[1:]))
    assert {(one.seq, one.field) for one in checked(tmp_path / "one", month).faults} == {(3, "missing")}


def test_days_without_entries_are_an_archive_without_journals(
    app: Litestar, month: ATill, tmp_path: Path
) -> None:
    assert archived(app, tmp_path / "one", first_day="2027-01-01").keys() == {"archive.json"}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("from=yesterday", "no day"),
        ("from=20261126", "no day"),
        ("from=2026-11-02&until=2026-11-01", "first day"),
    ],
)
def test_days_that_are_none_are_refused_in_words(office: Client, query: str, word: str) -> None:
    answer = office.get(f"/api/v1/evidence/archive?{query}")
    assert (answer.status_code, word in answer.json()["detail"]) == (400, True)


def test_a_file_that_is_there_is_not_written_over(app: Litestar, month: ATill, tmp_path: Path) -> None:
    (tmp_path / "one.zip").write_bytes(b"mine")
    with pytest.raises(Conflict, match="is there already"):
        archived(app, tmp_path / "one.zip")
    assert (tmp_path / "one.zip").read_bytes() == b"mine"


def test_an_archive_larger_than_memory_is_written_piece_by_piece(
    app: Litestar, database: Database, client: Client, tmp_path: Path
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for _ in range(300):
        till.record_bytes("odd", os.urandom(50_000).hex().encode())
    for first in range(1, 301, 20):
        till.push(first, first + 19)
    tracemalloc.start()
    archive(database, app.state.services.tills.key_of, tmp_path / "one.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000 < 300 * 100_000
