"""Who this till is: its device id, the key that it signs with, and the place at which it was enrolled.

`device.json` holds the id, where the key is kept, and the enrolment; none of it is secret. The key is in the
operating system's keyring where there is one, else in `device.key` beside it: mode 0600 in a 0700 directory,
unencrypted, so as safe as the machine's user account. Neither file belongs into a backup of the sales.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Literal

import msgspec

from pos_client.sync.key_places import (
    KeyringBackend,
    OutOfReach,
    keep_in_keyring,
    read_from_keyring,
    system_keyring,
    write_private,
)
from pos_client.sync.outcomes import Failure, Refused, Reply, in_words
from pos_client.sync.server_port import Server
from shared_models.errors import ShopError
from shared_models.journal import Sign
from shared_models.server_keys import KeyTerm, only_term
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.sync_api import Enrolled, EnrolRequest

DEVICE_FILE = "device.json"
KEY_FILE = "device.key"


class KeyOutOfReach(ShopError):
    """The till was set up, but its key can't be had; nothing is sold without one."""

    code = "key_out_of_reach"


class NotEnrolled(ShopError):
    """The server did not take the code."""

    code = "not_enrolled"


class _Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`server_terms` are only there where the server ever changed its key."""

    device_id: str
    key_in: Literal["keyring", "file"]
    enrolled: Enrolled | None = None
    server_terms: tuple[KeyTerm, ...] = ()

    def trusted(self) -> tuple[KeyTerm, ...]:
        return self.server_terms or only_term(self.enrolled.server_key if self.enrolled else b"")


class Identity(msgspec.Struct, frozen=True):
    """`sign` signs with the key, which itself goes nowhere. `notice` is for the operator, mostly empty.

    `server_terms` are the server's keys, each for its time.
    """

    device_id: str
    public_key: bytes
    sign: Sign
    enrolled: Enrolled | None = None
    notice: str = ""
    server_terms: tuple[KeyTerm, ...] = ()


def load_or_create(
    directory: Path, *, use_keyring: bool = True, keyring: KeyringBackend | None = None
) -> Identity:
    """The till's identity in `directory`, made on the first run; KeyOutOfReach when its key is gone."""
    device = _read_device(directory)
    if device is None:
        return _create(directory, use_keyring, keyring)
    key = _key_of(directory, device, keyring)
    return _identity(device, key, "")


def enrol(directory: Path, identity: Identity, server: Server, code: str, app: str = "") -> Identity:
    """Take the place that head office made `code` for. Raises NotEnrolled with what to do."""
    request = EnrolRequest(
        code=code.strip(), device_id=identity.device_id, public_key=identity.public_key, app=app
    )
    outcome = server.enrol(request)
    if not isinstance(outcome, Reply):
        raise NotEnrolled(_why_not(outcome))
    device = _read_device(directory)
    assert device is not None
    assert device.device_id == identity.device_id
    device = msgspec.structs.replace(device, enrolled=outcome.value, server_terms=())
    _write_device(directory, device)
    return msgspec.structs.replace(identity, enrolled=outcome.value, server_terms=device.trusted())


def take_place(directory: Path, place: Enrolled) -> None:
    """Without a server, for a till that only practises."""
    device = _read_device(directory)
    assert device is not None, "made by load_or_create"
    _write_device(directory, msgspec.structs.replace(device, enrolled=place, server_terms=()))


def learn_server_keys(directory: Path, terms: tuple[KeyTerm, ...]) -> None:
    """For a till that was enrolled before servers had one, or whose server changed it."""
    device = _read_device(directory)
    if device is None or device.enrolled is None:
        return
    if not device.enrolled.server_key:
        enrolled = msgspec.structs.replace(device.enrolled, server_key=terms[0].public_key)
        device = msgspec.structs.replace(device, enrolled=enrolled)
    _write_device(directory, msgspec.structs.replace(device, server_terms=terms if len(terms) > 1 else ()))


def _create(directory: Path, use_keyring: bool, keyring: KeyringBackend | None) -> Identity:
    """The key is kept before the file that speaks of it: no crash leaves a till without a key."""
    device_id, key, notice = uuid.uuid4().hex, new_private_key(), ""
    key_in: Literal["keyring", "file"] = "file"
    if use_keyring:
        try:
            keep_in_keyring(keyring or system_keyring(), device_id, key)
            key_in = "keyring"
        except OutOfReach as reason:
            notice = f"The till's key is in the file {KEY_FILE}: {reason}. Keep others off this machine."
    if key_in == "file":
        write_private(directory / KEY_FILE, key)
    device = _Device(device_id, key_in)
    _write_device(directory, device)
    return _identity(device, key, notice)


def _key_of(directory: Path, device: _Device, keyring: KeyringBackend | None) -> bytes:
    if device.key_in == "file":
        try:
            return (directory / KEY_FILE).read_bytes()
        except OSError as reason:
            raise _lost(f"{KEY_FILE} can't be read ({reason.strerror})") from reason
    try:
        key = read_from_keyring(keyring or system_keyring(), device.device_id)
    except OutOfReach as reason:
        raise KeyOutOfReach(
            f"The till's key is in the keyring, and {reason}. Unlock the keyring, then start again."
        ) from reason
    if key is None:
        raise _lost("the keyring has no key of this till")
    return key


def _lost(what: str) -> KeyOutOfReach:
    return KeyOutOfReach(
        f"The till's key is gone: {what}. Restore it, or move {DEVICE_FILE} away and enrol anew."
    )


def _identity(device: _Device, key: bytes, notice: str) -> Identity:
    try:
        public_key, sign = public_key_of(key), signer(key)
    except (ValueError, TypeError, AssertionError) as reason:
        raise _lost("it is damaged") from reason
    return Identity(device.device_id, public_key, sign, device.enrolled, notice, device.trusted())


def _read_device(directory: Path) -> _Device | None:
    path = directory / DEVICE_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Device, strict=True)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise KeyOutOfReach(
            f"{DEVICE_FILE} can't be read ({reason}). Restore it, or move it away and enrol this till anew."
        ) from reason


def _write_device(directory: Path, device: _Device) -> None:
    write_private(directory / DEVICE_FILE, msgspec.json.format(msgspec.json.encode(device)) + b"\n")


def _why_not(failure: Failure) -> str:
    """The server's own words where it has some: it knows what is wrong with a code."""
    if isinstance(failure, Refused) and failure.message and failure.status < 500:
        return failure.message
    return in_words(failure)[1]
