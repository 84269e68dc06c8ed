"""Stands between SQLite and its files: sees every call that changes a file, and can let any of them fail.

SQLite reaches its files through a table of functions, its VFS. The one registered here hands every call to the
system's and tells a `Disk` of those on files below its folder, before they happen. It is the SQLite of the product
that is watched, under the product's own code; nothing of it is replaced.
"""

from __future__ import annotations

import ctypes
import glob
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlcipher3

OK, BUSY, FULL, CANTOPEN = 0, 5, 13, 14
IOERR_READ, IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = (10 | n << 8 for n in (1, 3, 4, 6, 10))

_P, _INT, _I64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_INT, _P, _P, _P, _INT, _P)
_DELETE = ctypes.CFUNCTYPE(_INT, _P, ctypes.c_char_p, _INT)
_CLOSE = ctypes.CFUNCTYPE(_INT, _P)
_MOVE = ctypes.CFUNCTYPE(_INT, _P, _P, _INT, _I64)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _P, _I64)
_SYNC = ctypes.CFUNCTYPE(_INT, _P, _INT)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _P),
        ("name", ctypes.c_char_p),
        ("app_data", _P),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("others", _P * 14),
    )


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("close", _CLOSE),
        ("read", _MOVE),
        ("write", _MOVE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("others", _P * 13),
    )


class Call(NamedTuple):
    """`what` is read, write, truncate, sync, delete or open; `content` is what a write writes."""

    what: str
    path: str
    offset: int = 0
    content: bytes = b""


class Disk:
    """The files below `folder`. `on_call` hears of each call before it happens; anything but OK makes it fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.on_call: Callable[[Call], int] = lambda call: OK

    def holds(self, path: str) -> bool:
        return path.startswith(self.folder)


@contextmanager
def watched(folder: Path) -> Iterator[Disk]:
    """Files that are opened from now on. Close them before the end: what is open stays under this disk."""
    disk = Disk(folder)
    _vfs().disks.append(disk)
    try:
        yield disk
    finally:
        disk.on_call = lambda call: OK
        _vfs().disks.remove(disk)
        _vfs().raise_what_went_wrong()


class _WatchingVfs:
    """Registered once in this process, and never taken away: what it watched may be open for longer."""

    def __init__(self, library: Any) -> None:
        self.disks: list[Disk] = []
        self._open_files: dict[int, tuple[Disk, str]] = {}
        self._methods: dict[int, _Methods] = {}
        self._errors: list[BaseException] = []
        library.sqlite3_vfs_find.restype = _P
        self._real_at = library.sqlite3_vfs_find(None)
        self._real = _Vfs.from_address(self._real_at)
        self._ours = _Vfs()
        ctypes.memmove(ctypes.byref(self._ours), self._real_at, ctypes.sizeof(_Vfs))
        self._ours.name = b"evertill-tests"
        self._ours.open = _OPEN(self._open)
        self._ours.delete = _DELETE(self._delete)
        assert library.sqlite3_vfs_register(ctypes.byref(self._ours), 1) == OK

    def raise_what_went_wrong(self) -> None:
        """An exception can't pass through SQLite, so it is kept until here."""
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    def _tell(self, disk: Disk, call: Call) -> int:
        try:
            return disk.on_call(call)
        except BaseException as reason:  # noqa: BLE001 - raised again at the end of `watched`
            self._errors.append(reason)
            return IOERR_WRITE

    def _open(self, vfs: int, name: int, file: int, flags: int, flags_out: int) -> int:
        path = (ctypes.string_at(name) if name else b"").decode()
        disk = next((one for one in self.disks if one.holds(path)), None)
        if disk is not None and (code := self._tell(disk, Call("open", path))) != OK:
            # A null table says that there is nothing to close.
            ctypes.memset(file, 0, ctypes.sizeof(_P))
            return code
        opened: int = self._real.open(self._real_at, name, file, flags, flags_out)
        if opened == OK and disk is not None:
            self._open_files[file] = disk, path
            table = _P.from_address(file)
            table.value = ctypes.addressof(self._watching(table.value or 0))
        return opened

    def _delete(self, vfs: int, name: bytes, sync_folder: int) -> int:
        disk = next((one for one in self.disks if one.holds(name.decode())), None)
        code = OK if disk is None else self._tell(disk, Call("delete", name.decode()))
        return code or self._real.delete(self._real_at, name, sync_folder)

    def _watching(self, real_at: int) -> _Methods:
        """The system's functions for a file, with ours before those that matter."""
        if real_at in self._methods:
            return self._methods[real_at]
        real = _Methods.from_address(real_at)
        ours = _Methods()
        ctypes.memmove(ctypes.byref(ours), real_at, ctypes.sizeof(_Methods))

        def told(what: str, file: int, offset: int = 0, content: bytes = b"") -> int:
            disk, path = self._open_files[file]
            return self._tell(disk, Call(what, path, offset, content))

        def close(file: int) -> int:
            self._open_files.pop(file)
            return real.close(file)

        def read(file: int, into: int, size: int, offset: int) -> int:
            return told("read", file, offset) or real.read(file, into, size, offset)

        def write(file: int, content: int, size: int, offset: int) -> int:
            code = told("write", file, offset, ctypes.string_at(content, size))
            return code or real.write(file, content, size, offset)

        def truncate(file: int, size: int) -> int:
            return told("truncate", file, size) or real.truncate(file, size)

        def sync(file: int, flags: int) -> int:
            return told("sync", file) or real.sync(file, flags)

        ours.close, ours.read, ours.write = _CLOSE(close), _MOVE(read), _MOVE(write)
        ours.truncate, ours.sync = _TRUNCATE(truncate), _SYNC(sync)
        self._methods[real_at] = ours
        return ours


_the_vfs: list[_WatchingVfs] = []


def _vfs() -> _WatchingVfs:
    if not _the_vfs:
        folder = Path(sqlcipher3.__file__).parent
        library = ctypes.CDLL(glob.glob(str(folder / "_sqlite3*"))[0])
        if not hasattr(library, "sqlite3_vfs_register"):
            pytest.skip("this build of sqlcipher3 keeps SQLite's functions to itself")
        _the_vfs.append(_WatchingVfs(library))
    return _the_vfs[0]
