"""Where a till's private key is kept: the system's keyring, or a file that only its user can read."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar

SERVICE = "evertill-till"
PATIENCE_S = 5.0
"""A locked keyring may show a prompt that nobody answers."""

T = TypeVar("T")


class OutOfReach(Exception):
    """A keyring that is missing, locked, or forgetful; the text says which."""


class KeyringBackend(Protocol):
    """The part of the `keyring` package that is used here."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...


def system_keyring() -> KeyringBackend:
    """The machine's keyring, or OutOfReach. Imported here: the import alone costs a tenth of a second."""
    try:
        import keyring
    except ImportError as reason:
        raise OutOfReach("no keyring library is installed") from reason
    backend = keyring.get_keyring()
    if backend.priority < 1:
        raise OutOfReach("this machine has no keyring")
    found: KeyringBackend = backend
    return found


def keep_in_keyring(
    backend: KeyringBackend, device_id: str, private_key: bytes, patience_s: float = PATIENCE_S
) -> None:
    """Raises OutOfReach unless the key can be read back."""
    text = base64.b64encode(private_key).decode()
    _patiently(lambda: backend.set_password(SERVICE, device_id, text), patience_s)
    if read_from_keyring(backend, device_id) != private_key:
        raise OutOfReach("the keyring did not keep the key")


def read_from_keyring(backend: KeyringBackend, device_id: str) -> bytes | None:
    text = _patiently(lambda: backend.get_password(SERVICE, device_id), PATIENCE_S)
    return None if text is None else base64.b64decode(text)


def write_private(path: Path, content: bytes) -> None:
    """All of `content` or what was there before, readable by this user only, and there after a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _patiently(call: Callable[[], T], patience_s: float) -> T:
    """`call` within a time limit; whatever a backend raises means that the key can't be had from it."""
    answers: SimpleQueue[T | OutOfReach] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(call())
        except Exception as reason:  # noqa: BLE001 - backends raise errors of their own libraries
            answers.put(OutOfReach(f"the keyring refused: {reason or type(reason).__name__}"))

    Thread(target=run, name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=patience_s)
    except Empty:
        raise OutOfReach("the keyring did not answer; it may be locked") from None
    if isinstance(answer, OutOfReach):
        raise answer
    return answer
