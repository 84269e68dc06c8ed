"""A till keeps one key, where others can't read it, and never loses it without a word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import keyring
import pytest
from keyring import backend
from keyring.backends import fail

from pos_client.sync.identity import (
    DEVICE_FILE,
    KEY_FILE,
    Identity,
    KeyOutOfReach,
    NotEnrolled,
    enrol,
    learn_server_keys,
    load_or_create,
)
from pos_client.sync.key_places import OutOfReach, keep_in_keyring, system_keyring, write_private
from pos_client.sync.outcomes import Failure, Refused, Reply, Unreachable
from shared_models.server_keys import KeyTerm, only_term
from shared_models.signing import key_id_of, verifier
from shared_models.sync_api import Enrolled, EnrolRequest


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise RuntimeError("Failed to unlock the collection!")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise RuntimeError("Failed to unlock the collection!")
        if not self.forgetful:
            self.kept[service, username] = password


class Office:
    """The server's enrolment desk."""

    def __init__(self, outcome: Reply[Enrolled] | Failure | None = None) -> None:
        self.outcome = outcome
        self.asked: list[EnrolRequest] = []

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled] | Failure:
        self.asked.append(request)
        place = Enrolled(
            device_id=request.device_id, store_id="03", till_id="03-2", store_name="Harbour", server_time_ms=1
        )
        return self.outcome or Reply(place)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


def same_key(one: Identity, other: Identity) -> bool:
    return verifier(one.public_key)(b"hello", other.sign(b"hello"))


def test_a_till_keeps_its_id_and_key_over_restarts(tmp_path: Path) -> None:
    first = load_or_create(tmp_path / "till", use_keyring=False)
    again = load_or_create(tmp_path / "till", use_keyring=False)
    assert again.device_id == first.device_id
    assert same_key(first, again)
    assert again.enrolled is None


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_no_other_user_can_read_the_key(tmp_path: Path) -> None:
    load_or_create(tmp_path / "till", use_keyring=False)
    assert (tmp_path / "till").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "till" / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_key_in_the_keyring_is_in_no_file(tmp_path: Path) -> None:
    ring = Ring()
    first = load_or_create(tmp_path, keyring=ring)
    assert first.notice == ""
    assert not (tmp_path / KEY_FILE).exists()
    assert len(ring.kept) == 1
    assert same_key(first, load_or_create(tmp_path, keyring=ring))


@pytest.mark.parametrize("fault", ["locked", "forgetful"])
def test_a_keyring_that_does_not_help_is_replaced_by_a_file_and_said(tmp_path: Path, fault: str) -> None:
    ring = Ring()
    setattr(ring, fault, True)
    first = load_or_create(tmp_path, keyring=ring)
    assert KEY_FILE in first.notice
    assert same_key(first, load_or_create(tmp_path, keyring=ring))


@pytest.mark.usefixtures("no_keyring")
def test_a_machine_without_a_keyring_keeps_a_file_and_says_so(tmp_path: Path) -> None:
    first = load_or_create(tmp_path)
    assert "no keyring" in first.notice
    assert same_key(first, load_or_create(tmp_path))
    with pytest.raises(OutOfReach, match="no keyring"):
        system_keyring()


def test_the_systems_keyring_is_used_where_it_is_a_real_one() -> None:
    class Real(backend.KeyringBackend):
        priority = 5  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return None

        def set_password(self, service: str, username: str, password: str) -> None:
            """Keeps nothing."""

    before = keyring.get_keyring()
    keyring.set_keyring(Real())
    try:
        assert isinstance(system_keyring(), Real)
    finally:
        keyring.set_keyring(before)


def test_a_till_whose_keyring_is_locked_later_says_to_unlock_it(tmp_path: Path) -> None:
    ring = Ring()
    load_or_create(tmp_path, keyring=ring)
    ring.locked = True
    with pytest.raises(KeyOutOfReach, match="Unlock the keyring"):
        load_or_create(tmp_path, keyring=ring)
    ring.locked = False
    ring.kept.clear()
    with pytest.raises(KeyOutOfReach, match="no key of this till"):
        load_or_create(tmp_path, keyring=ring)


class SilentRing(Ring):
    """Shows a prompt that nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.over = Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.over.wait(10)


def test_a_keyring_that_waits_for_a_person_is_not_waited_for() -> None:
    ring = SilentRing()
    with pytest.raises(OutOfReach, match="did not answer"):
        keep_in_keyring(ring, "device", b"key", patience_s=0.02)
    ring.over.set()


def test_a_key_that_is_gone_or_damaged_is_said_and_never_replaced(tmp_path: Path) -> None:
    load_or_create(tmp_path, use_keyring=False)
    key = tmp_path / KEY_FILE
    key.write_bytes(b"garbage")
    with pytest.raises(KeyOutOfReach, match="damaged"):
        load_or_create(tmp_path, use_keyring=False)
    key.unlink()
    with pytest.raises(KeyOutOfReach, match=r"device\.key can't be read"):
        load_or_create(tmp_path, use_keyring=False)


def test_a_device_file_that_is_damaged_is_not_written_over(tmp_path: Path) -> None:
    load_or_create(tmp_path, use_keyring=False)
    (tmp_path / DEVICE_FILE).write_bytes(b'{"device_id":')
    with pytest.raises(KeyOutOfReach, match="enrol this till anew"):
        load_or_create(tmp_path, use_keyring=False)
    assert (tmp_path / DEVICE_FILE).read_bytes() == b'{"device_id":'


def test_a_crash_between_key_and_device_file_starts_afresh(tmp_path: Path) -> None:
    write_private(tmp_path / KEY_FILE, b"of a till that never was")
    (tmp_path / (KEY_FILE + ".new")).write_bytes(b"half a key")
    first = load_or_create(tmp_path, use_keyring=False)
    assert same_key(first, load_or_create(tmp_path, use_keyring=False))


def test_enrolment_is_remembered(tmp_path: Path) -> None:
    identity, office = load_or_create(tmp_path, use_keyring=False), Office()
    enrolled = enrol(tmp_path, identity, office, "  K7Q-9  ", "0.1")  # type: ignore[arg-type]
    assert enrolled.enrolled is not None
    assert enrolled.enrolled.till_id == "03-2"
    again = load_or_create(tmp_path, use_keyring=False)
    assert again.enrolled == enrolled.enrolled
    [request] = office.asked
    assert (request.code, request.app) == ("K7Q-9", "0.1")
    assert request.public_key == identity.public_key


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Refused(404, message="This code was used. Ask for a new one."), "Ask for a new one"),
        (Refused(503), "fault"),
        (Unreachable("no route"), "No connection"),
    ],
)
def test_a_code_that_is_not_taken_says_why(tmp_path: Path, failure: Failure, words: str) -> None:
    identity = load_or_create(tmp_path, use_keyring=False)
    with pytest.raises(NotEnrolled, match=words):
        enrol(tmp_path, identity, Office(failure), "K7Q-9")  # type: ignore[arg-type]
    assert load_or_create(tmp_path, use_keyring=False).enrolled is None


def test_the_servers_keys_are_kept_over_restarts_and_an_unchanged_one_as_ever(tmp_path: Path) -> None:
    identity = load_or_create(tmp_path, use_keyring=False)
    enrol(tmp_path, identity, Office(), "CODE")  # type: ignore[arg-type]
    assert load_or_create(tmp_path).server_terms == ()
    first, second = b"first key", b"second key"
    learn_server_keys(tmp_path, only_term(first))
    assert load_or_create(tmp_path).server_terms == only_term(first)
    assert "server_terms" not in (tmp_path / DEVICE_FILE).read_text()
    terms = (
        KeyTerm(key_id_of(first), first, 0, until_ms=9),
        KeyTerm(key_id_of(second), second, 9, replaces=key_id_of(first)),
    )
    learn_server_keys(tmp_path, terms)
    assert load_or_create(tmp_path).server_terms == terms
