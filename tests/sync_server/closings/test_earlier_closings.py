"""What earlier versions signed is read, shown, archived and verified as long as anybody keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import insert, select, text

from shared_models.closing import CLOSING_TAG, Sealed, UnclassifiedMoney, is_genuine
from shared_models.signing import public_key_of, verifier
from sync_server.app import create_app
from sync_server.database import Database
from sync_server.evidence.server_key import FILE
from sync_server.migrations import migrate
from sync_server.recovery.journal_archive import archive
from sync_server.schema import metadata
from sync_server.services import Services
from sync_server.settings import Settings
from tests.golden import kept
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import at_ms
from tests.sync_server.conftest import PASSWORD, Clock
from tests.sync_server.console.test_pages import logged_in, seen
from tests.sync_server.kept_app import CHEAP_HASHER
from verifier.archive import check_archive

TILL, DAYS = "till/03-1/day", "store/03/day"
ALL = pytest.mark.parametrize("golden", kept.CLOSINGS, ids=lambda folder: folder.name)
BESIDE = {"evertill.db", FILE}
"""The archive is all the rest."""


@pytest.fixture
def app(golden: Path, database: Database, tmp_path: Path, clock: Clock) -> Litestar:
    """This version's server on what an earlier one left, on the morning of the second of January."""
    files = kept.closings(golden)
    for name in BESIDE:
        (tmp_path / name).write_bytes(files[name])
    left = Database(f"sqlite:///{tmp_path / 'evertill.db'}")
    migrate(left)
    if database.on_postgresql:
        _copy(left, database)
        left.close()
    else:
        database = left
    clock.now = at_ms("2027-01-02 05:00")
    secret = "a secret of the tests, long enough for HS256"
    settings = Settings(data_dir=tmp_path, secret=secret, apply_in_background=False)
    app = create_app(settings, database=database, now_ms=clock, hasher=CHEAP_HASHER)
    with database.write() as tx:
        app.state.services.accounts.create(tx, "Ada", PASSWORD, "admin")
    app.state.where = database
    return app


_SEQUENCE = text("select pg_get_serial_sequence(:t, :c)")


def _copy(left: Database, to: Database) -> None:
    with left.read() as old, to.write() as new:
        for table in metadata.sorted_tables:
            if rows := [dict(row._mapping) for row in old.execute(select(table))]:
                new.execute(insert(table), rows)
            (key, *more) = table.primary_key.columns
            if not more and new.scalar(_SEQUENCE, {"t": table.name, "c": key.name}):
                last = f"select setval(pg_get_serial_sequence('{table.name}', '{key.name}'), max({key.name}))"
                new.execute(text(f"{last} from {table.name} having max({key.name}) is not null"))


@pytest.fixture
def client(app: Litestar) -> Iterator[Client]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def written(app: Litestar, folder: Path) -> Path:
    services: Services = app.state.services
    archive(app.state.where, services.tills.key_of, folder)
    return folder


@ALL
def test_an_archive_of_that_time_is_verified_by_the_rules_of_that_time(golden: Path, tmp_path: Path) -> None:
    files = kept.closings(golden)
    for name in files.keys() - BESIDE:
        (tmp_path / name).write_bytes(files[name])
    report = check_archive(tmp_path, set(), {public_key_of(files[FILE]).hex()})
    assert (report.faults, report.closings, report.roots) == ((), 15, 3)


@ALL
def test_the_same_journals_and_closings_give_the_same_archive_today(
    golden: Path, app: Litestar, tmp_path: Path
) -> None:
    folder = written(app, tmp_path / "archive")
    files = kept.closings(golden)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: files[name] for name in files.keys() - BESIDE
    }


@ALL
def test_each_closing_is_read_and_shown_as_it_was_signed(golden: Path, client: Client) -> None:
    files = kept.closings(golden)
    signed = [json.loads(line) for line in files["closings.ndjson"].splitlines()]
    answer = client.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    rows = client.get("/api/v1/closings", params={"limit": 100}, headers=headers).json()["rows"]
    assert sorted(row["statement"] for row in rows) == sorted(line["statement"] for line in signed)
    key = verifier(public_key_of(files[FILE]))
    for row in rows:
        seal = Sealed(row["statement"].encode(), bytes.fromhex(row["hash"]), bytes.fromhex(row["signature"]))
        assert is_genuine(CLOSING_TAG, seal, key)
        stated = json.loads(row["statement"])
        assert {name: row["closing"][name] for name in stated} == stated
        assert row["closing"]["version"] == int(golden.name.rpartition("-")[2])
    console = logged_in(client, "Ada")
    for row in rows:
        page = seen(console, f"/closings/{row['closing_id']}")
        assert row["hash"] in page
        is_first_day = row["closing"]["version"] == 1 and row["closing"]["span"] == "day"
        assert ("closings of that time named no others" in page) == is_first_day


@ALL
def test_the_next_night_goes_on_in_the_same_chains_and_names_what_they_could_not(
    golden: Path, app: Litestar, clock: Clock, tmp_path: Path
) -> None:
    services: Services = app.state.services
    clock.now = at_ms("2027-01-03 05:00")
    services.closings.close_due()
    with app.state.where.read() as tx:
        till = services.statements.newest(tx, TILL, "2027-01-02")
        day = services.statements.newest(tx, DAYS, "2027-01-02")
    assert till is not None
    assert day is not None
    assert (till.closing.number, till.closing.version) == (4, 2)
    money = [UnclassifiedMoney("", 2, 0, 2), UnclassifiedMoney("EUR", 2, 189, 0)]
    assert list(till.closing.unclassified) == list(day.closing.unclassified) == money
    assert till.closing.unclassified_refunds == (UnclassifiedMoney("EUR", 1, 70, 0),)
    assert msgspec.json.encode(till.closing) == till.seal.body
    report = check_archive(written(app, tmp_path / "archive"), set(), set())
    assert (report.faults, report.closings) == ((), 18)
