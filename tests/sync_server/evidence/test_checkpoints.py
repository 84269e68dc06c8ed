"""Every acknowledgement says with the server's signature what the server now holds."""

from __future__ import annotations

import stat
from pathlib import Path
from threading import Barrier, Thread

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.cash import OperatorLoggedIn
from shared_models.checkpoint import Checkpoint, is_genuine
from shared_models.signing import verifier
from shared_models.wire import pack
from sync_server.cli import main
from sync_server.database import Database
from sync_server.evidence.server_key import FILE, ServerKeyUnreadable, kept_server_key
from sync_server.settings import Settings
from tests.sync_server.a_till import ATill, enrolled_till, open_store
from tests.sync_server.conftest import Clock

Client = TestClient[Litestar]


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    return enrolled_till(app, database, client)


def logins(till: ATill, count: int) -> None:
    for _ in range(count):
        till.record(OperatorLoggedIn("op1", "Ana R.", "03-1"))


def assert_vouches(till: ATill, checkpoint: Checkpoint | None, high: int, at_ms: int) -> None:
    assert till.enrolled is not None
    assert checkpoint is not None
    assert is_genuine(checkpoint, verifier(till.enrolled.server_key))
    assert (checkpoint.incarnation, checkpoint.high) == (till.incarnation, high)
    assert checkpoint.hash == till.entries[high - 1].hash
    assert checkpoint.at_ms == at_ms


def test_a_push_is_acknowledged_with_the_servers_signature(till: ATill, clock: Clock) -> None:
    logins(till, 3)
    assert_vouches(till, till.push().checkpoint, 3, clock.now)


def test_a_repeated_push_and_a_gap_are_answered_with_what_is_held(till: ATill, clock: Clock) -> None:
    logins(till, 5)
    till.push(1, 3)
    clock.advance(1000)
    assert_vouches(till, till.push(1, 2).checkpoint, 3, clock.now)
    assert_vouches(till, till.push(5, 5).checkpoint, 3, clock.now)


def test_where_nothing_is_held_nothing_is_signed(till: ATill) -> None:
    logins(till, 2)
    assert till.push(2, 2).checkpoint is None
    assert till.greeted().segments[0].checkpoint is None


def test_a_hello_hears_it_of_each_incarnation_and_learns_the_key(till: ATill, clock: Clock) -> None:
    logins(till, 2)
    till.push()
    greeted = till.greeted()
    assert_vouches(till, greeted.segments[0].checkpoint, 2, clock.now)
    assert till.enrolled is not None
    assert greeted.server_key == till.enrolled.server_key


def test_an_entry_that_came_raw_is_acknowledged_like_any_other(till: ATill, clock: Clock) -> None:
    from shared_models import wire
    from shared_models.sync_api import PushReply

    logins(till, 1)
    answer = till.send_raw(pack(till.batch()))
    assert_vouches(till, wire.unpack(answer.content, PushReply).checkpoint, 1, clock.now)


def test_head_office_sees_which_keys_were_used(office: Client, app: Litestar, database: Database) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, office)
    before = office.get("/api/v1/evidence/keys").json()
    assert before["used"] == []
    till.greeted()
    till.greeted()
    after = office.get("/api/v1/evidence/keys").json()
    assert till.enrolled is not None
    assert after["in_use"]["public_key"] == till.enrolled.server_key.hex()
    assert [key["key_id"] for key in after["used"]] == [before["in_use"]["key_id"]]


def test_the_key_is_made_once_and_only_its_user_may_read_it(tmp_path: Path) -> None:
    first = kept_server_key(tmp_path / "data")
    assert kept_server_key(tmp_path / "data").public_key == first.public_key
    assert stat.S_IMODE((tmp_path / "data" / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


def test_two_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    both, keys = Barrier(2), []

    def start() -> None:
        both.wait(20)
        keys.append(kept_server_key(tmp_path).public_key)

    threads = [Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x30\x00"])
def test_a_damaged_key_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ServerKeyUnreadable, match="Restore it from the backup"):
        kept_server_key(tmp_path)


def test_the_command_shows_the_key_that_a_verifier_is_told_to_trust(
    settings: Settings, till: ATill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "--data-dir", str(settings.data_dir)]) == 0
    assert till.enrolled is not None
    assert capsys.readouterr().out.split()[1] == till.enrolled.server_key.hex()
