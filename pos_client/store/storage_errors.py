"""What the driver's errors mean to the shop, and the ballast that is thrown off when the disk is full."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from pos_client.till.errors import StorageFailed, StorageFull
from shared_models.errors import ShopError

BALLAST_BYTES = 64 << 20
SUSPECT = ".suspect"
"""Beside a file in which damage was met: whoever opens it next looks closely."""

DAMAGED_COPY = (
    "Part of the catalogue is damaged. It is fetched anew when head office can be reached; no sale is lost."
)

_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26
_ADVICE = {
    _BUSY: "Another program holds the till's database. Close it and try again.",
    _LOCKED: "Another program holds the till's database. Close it and try again.",
    _READONLY: "The till's database can't be written. Check the rights of its folder.",
    _IOERR: "The disk could not be read or written. Restart the till; if it comes again, call support.",
    _CORRUPT: "The till's database is damaged. Restart the till: it keeps what can be read and sells on.",
    _CANTOPEN: "The till's database can't be opened. Check that its folder exists and may be written.",
    _NOTADB: "The till's database can't be read with this key. Check the key or call support; keep the file.",
}
_ADVICE_ON_A_COPY = {
    _BUSY: "Another program holds the till's catalogue. Close it and try again.",
    _LOCKED: "Another program holds the till's catalogue. Close it and try again.",
    _READONLY: "The till's catalogue can't be written. Check the rights of its folder.",
    _IOERR: _ADVICE[_IOERR],
    _CORRUPT: DAMAGED_COPY,
    _CANTOPEN: "The till's catalogue can't be opened. Check that its folder exists and may be written.",
    _NOTADB: DAMAGED_COPY,
}
_IN_THE_WAY = {_BUSY, _LOCKED, _READONLY, _IOERR, _FULL, _CANTOPEN}


def is_full(reason: Exception) -> bool:
    return _primary(reason) == _FULL


def is_damage(reason: Exception) -> bool:
    """Whether the file itself is spoilt; not when only its rights, its disk or another program are in the way."""
    cause = reason.__cause__ if isinstance(reason, ShopError) else reason
    return not isinstance(cause, Exception) or _primary(cause) not in _IN_THE_WAY


def is_unreadable(reason: Exception) -> bool:
    """No database at all, or one of another key."""
    cause = reason.__cause__ if isinstance(reason, ShopError) else reason
    return isinstance(cause, Exception) and _primary(cause) == _NOTADB


def storage_error(reason: Exception, path: Path, *, facts: bool = True) -> ShopError | None:
    """The error for the person at the counter; None when it is a bug and no state of the disk.

    Without `facts` the file is a copy that can be fetched again.
    """
    code = _primary(reason)
    if code == _FULL:
        return StorageFull(
            "The disk is full and nothing was saved. Delete files that are not the till's, then try again.",
            path=str(path),
        )
    if code in (_CORRUPT, _NOTADB):
        mark_suspect(path)
    if code not in _ADVICE:
        return None
    words = f"{_ADVICE[code]} Nothing was saved." if facts else _ADVICE_ON_A_COPY[code]
    return StorageFailed(words, path=str(path), reason=str(reason))


def mark_suspect(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.with_name(path.name + SUSPECT).touch()


class Ballast:
    """A file that takes up space beside the database, so that the last sale before a full disk still fits."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size

    def load(self) -> None:
        """Take the space, if there is any; a till on a full disk starts without ballast."""
        if self._size <= 0 or (self._path.exists() and self._path.stat().st_size == self._size):
            return
        try:
            with self._path.open("wb") as file:
                for _ in range(self._size >> 20):
                    file.write(bytes(1 << 20))
                file.write(bytes(self._size & (1 << 20) - 1))
        except OSError:
            # The disk is full already: what space there is belongs to the sales.
            self.drop()

    def drop(self) -> bool:
        """Give the space back; whether there was any."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
            return True
        return False


def _primary(reason: Exception) -> int:
    code: Any = getattr(reason, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF
    return _NOTADB if "not a database" in str(reason) else -1
