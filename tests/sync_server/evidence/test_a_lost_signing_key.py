"""A server whose signing key is gone signs nothing, says so, and goes on signing when a person introduced a new one."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.cash import OperatorLoggedIn
from shared_models.server_keys import KeyTerm, is_proven, is_vouched
from sync_server.app import create_app
from sync_server.cli import main
from sync_server.database import Database
from sync_server.evidence.server_key import FILE, kept_server_key
from sync_server.evidence.service import SigningKeyLost
from sync_server.settings import Settings
from tests.sync_server.a_till import ATill, code_for, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.kept_app import CHEAP_HASHER

Client = TestClient[Litestar]


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    """A till that was told the first key, and has something acknowledged."""
    open_store(app, database, tills=2)
    till = enrolled_till(app, database, client)
    login(till)
    assert till.push().checkpoint is not None
    return till


def login(till: ATill) -> None:
    till.record(OperatorLoggedIn("op1", "Ana", "03-1"))


def restarted(settings: Settings, database: Database, clock: Clock, till: ATill) -> Client:
    """The server as it is after a new start; the till speaks to it."""
    app = create_app(settings, database=database, now_ms=clock, hasher=CHEAP_HASHER)
    till.client = TestClient(app, raise_server_exceptions=False)
    return till.client


def cases(client: Client) -> list[str]:
    services = client.app.state.services
    with services.db.read() as tx:
        return [
            one.sentence for one in services.exceptions.cases(tx, kind="signing_key_lost", states=("open",))
        ]


def introduce(settings: Settings, database: Database, *words: str) -> int:
    url = database.engine.url.render_as_string(hide_password=False).replace(
        "postgresql+psycopg", "postgresql"
    )
    if not database.on_postgresql:
        url = f"sqlite:///{settings.data_dir.parent / 'shop.db'}"
    return main(["new-key", "--data-dir", str(settings.data_dir), "--database-url", url, *words])


@pytest.fixture
def stamped(database: Database) -> None:
    """So that the command finds a schema of this version."""
    from alembic import command

    from sync_server.migrations import configuration

    with database.write() as tx:
        command.stamp(configuration(tx), "head")


@pytest.mark.expects_log
def test_a_server_without_its_key_takes_everything_in_and_signs_nothing(
    settings: Settings, database: Database, clock: Clock, till: ATill
) -> None:
    old = kept_server_key(settings.data_dir)
    (settings.data_dir / FILE).unlink()
    with restarted(settings, database, clock, till) as client:
        (sentence,) = cases(client)
        assert old.key_id in sentence
        assert "from a backup" in sentence
        assert "evertill-server new-key" in sentence
        login(till)
        reply = till.push(2)
        assert (reply.high, reply.checkpoint) == (2, None)
        greeted = till.greeted()
        assert [one.checkpoint for one in greeted.segments] == [None]
        assert (greeted.server_key, greeted.server_keys) == (old.public_key, ())
        assert len(cases(client)) == 1
        with client.app.state.services.db.write() as tx, pytest.raises(SigningKeyLost, match="signs nothing"):
            client.app.state.services.evidence.remember_key(tx)
        new_till = ATill(client, code_for(client.app, database, "03-2"), "device-0002")
        new_till.enrol()
        assert new_till.enrolled is not None
        assert new_till.enrolled.server_key == old.public_key


@pytest.mark.expects_log
def test_with_the_old_file_back_it_signs_as_before(
    settings: Settings, database: Database, clock: Clock, till: ATill
) -> None:
    path = settings.data_dir / FILE
    kept = path.read_bytes()
    path.unlink()
    with restarted(settings, database, clock, till):
        login(till)
        assert till.push(2).checkpoint is None
    path.write_bytes(kept)
    with restarted(settings, database, clock, till):
        login(till)
        assert till.push(3).checkpoint is not None
        assert till.greeted().server_keys == ()


@pytest.mark.expects_log
@pytest.mark.usefixtures("stamped")
def test_a_new_key_for_a_lost_one_is_introduced_by_a_person_and_named_with_the_old_one(
    settings: Settings, database: Database, clock: Clock, till: ATill, capsys: pytest.CaptureFixture[str]
) -> None:
    old = kept_server_key(settings.data_dir)
    (settings.data_dir / FILE).unlink()
    assert introduce(settings, database) == 1
    assert "--lost" in capsys.readouterr().err
    assert introduce(settings, database, "--lost") == 0
    assert f"in place of {old.key_id}" in capsys.readouterr().out
    new = kept_server_key(settings.data_dir)
    clock.now = 2_000_000_000_000
    with restarted(settings, database, clock, till) as client:
        till.log_in()
        before, after = till.greeted().server_keys
        assert (before.key_id, after.key_id, after.replaces) == (old.key_id, new.key_id, old.key_id)
        assert before.until_ms == after.from_ms
        assert after.handover == b""
        login(till)
        checkpoint = till.push(2).checkpoint
        assert checkpoint is not None
        assert is_vouched(checkpoint, (after,))
        assert cases(client) == []


@pytest.mark.expects_log
@pytest.mark.usefixtures("stamped")
def test_a_key_that_is_replaced_in_time_hands_over(
    settings: Settings,
    database: Database,
    clock: Clock,
    till: ATill,
    office: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = kept_server_key(settings.data_dir)
    assert introduce(settings, database) == 0
    assert "handed over by" in capsys.readouterr().out
    assert (settings.data_dir / f"{FILE}.{old.key_id}").exists()
    before, after = office.get("/api/v1/evidence/keys").json()["used"]
    assert (before["replaced_ms"], after["replaces"]) == (after["first_used_ms"], old.key_id)
    assert after["is_handed_over"]
    terms = till.greeted().server_keys
    assert is_proven(terms[1], terms[0])
    till.greeted()
    login(till)
    assert till.push(2).checkpoint is None, (
        "the old key in memory signs no more; the server is to be started again"
    )


def test_a_server_that_never_signed_takes_the_key_that_is_there(
    settings: Settings, database: Database, clock: Clock, app: Litestar, client: Client
) -> None:
    open_store(app, database)
    (settings.data_dir / FILE).unlink()
    again = create_app(settings, database=database, now_ms=clock, hasher=CHEAP_HASHER)
    with TestClient(again) as other:
        till = enrolled_till(again, database, other)
        login(till)
        assert till.push().checkpoint is not None
        assert cases(other) == []


def test_only_terms_of_more_than_one_key_are_told(database: Database, app: Litestar, till: ATill) -> None:
    with database.read() as tx:
        terms: tuple[KeyTerm, ...] = app.state.services.evidence.terms(tx)
    assert terms == ()
