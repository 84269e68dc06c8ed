"""Takes a picture of a folder's files wherever a process that works on them could end.

What a killed process leaves behind are the files as they are at that moment, so one run gives every crash: before
and after each statement, before each call that changes a file, and when all is done. Other pictures of the same
bytes say the same, so each is kept once.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import sqlcipher3.dbapi2 as driver

from tests.crash_points.disk import OK, Call, watched

Files = dict[str, bytes]
_NEVER_READ_AGAIN = ("-shm", ".lock")
"""The first who opens a database makes its index of the log anew, whatever lies there."""
_CHANGES_FILES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_SMALL_CACHE = "pragma cache_size=2"
"""Half of a transaction is in the log, or in the file, before its commit."""


class Point(NamedTuple):
    """`committed` is how many commits had returned; at a `sure` point no other is under way."""

    where: str
    committed: int
    sure: bool
    files: Files


class Witness:
    """`steps` counts all points, `points` are those with different files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps = 0
        self.points: list[Point] = []
        self.sites: set[str] = set()
        self.looks = True
        """Whether it looks; what leads up to the transaction in question need not be seen."""
        self._committed = 0
        self._seen: set[tuple[int, bool, int]] = set()

    def step(self, where: str, *, sure: bool = True) -> None:
        if not self.looks:
            return
        self.steps += 1
        files = picture(self.folder)
        key = (self._committed, sure, hash(frozenset(files.items())))
        if key not in self._seen:
            self._seen.add(key)
            self.points.append(Point(where, self._committed, sure, files))

    def before(self, statement: str) -> None:
        if self.looks and statement.lstrip().lower().startswith("begin immediate"):
            self.sites |= set(_functions_above())
        self.step(f"before {statement:.60}")

    def after(self, statement: str) -> None:
        if self.looks and statement.lower() == "commit":
            self._committed += 1
        self.step(f"after {statement:.60}")

    def connection_class(self) -> type[Any]:
        """For the till, which takes the class of its writing connection."""
        witness = self

        class WitnessedConnection(driver.Connection):  # type: ignore[misc]
            def __init__(self, *arguments: Any, **more: Any) -> None:
                super().__init__(*arguments, **more)
                super().execute(_SMALL_CACHE)

            def execute(self, *arguments: Any) -> Any:
                witness.before(arguments[0])
                result = super().execute(*arguments)
                witness.after(arguments[0])
                return result

            def executescript(self, script: str) -> Any:
                witness.before("begin immediate")
                return super().executescript(script)

        return WitnessedConnection


@contextmanager
def witnessed(folder: Path, *, by_anyone: bool = False) -> Iterator[Witness]:
    """Everything that this thread, or any, does to files below `folder`."""
    witness = Witness(folder)
    thread = threading.get_ident()

    def counts() -> bool:
        return by_anyone or threading.get_ident() == thread

    def call(call: Call) -> int:
        if call.what != "read" and counts():
            witness.step(f"before the {call.what} of {Path(call.path).name} at {call.offset}", sure=False)
        return OK

    def python(event: str, path: str) -> None:
        if counts():
            witness.step(f"before {event} of {Path(path).name}", sure=False)

    with watched(folder) as disk, _listening(str(folder), python):
        disk.on_call = call
        yield witness
        disk.on_call = lambda call: OK
        witness.step("when all was done")


def picture(folder: Path) -> Files:
    """A file that another thread takes away meanwhile was not there."""
    files: Files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if not name.endswith(_NEVER_READ_AGAIN):
                with suppress(FileNotFoundError):
                    files[str(path.relative_to(folder))] = path.read_bytes()
    return files


def develop(files: Files, folder: Path) -> Path:
    """The files as they lay there when the picture was taken."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _functions_above() -> Iterator[str]:
    """The product's functions that lead here, as module.Class.function."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("pos_client", "sync_server")):
            yield f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back  # type: ignore[assignment]


# Python's own calls that change files. An audit hook can't be taken away, so one stays, and mostly listens to nothing.

_Listener = tuple[str, Callable[[str, str], None]]
_listeners: list[_Listener] = []
_inside = threading.local()


@contextmanager
def _listening(folder: str, hear: Callable[[str, str], None]) -> Iterator[None]:
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked.append(True)
    listener = (folder, hear)
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


_hooked: list[bool] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners or getattr(_inside, "now", False):
        return
    changes = event in _CHANGES_FILES or (event == "open" and _writes(arguments))
    if not changes or not isinstance(arguments[0], str | os.PathLike):
        return
    path = os.fspath(arguments[0])
    _inside.now = True
    try:
        for folder, hear in list(_listeners):
            if str(path).startswith(folder):
                hear(event, str(path))
    finally:
        _inside.now = False


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
