"""The anchor: the journal's end as kept outside the database's folder, so that an old copy is noticed."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import msgspec


class Anchor(msgspec.Struct, frozen=True):
    """The newest entry that this machine knows to have existed. It may lag behind the journal, never lead.

    `machine` tells machines apart, so that a disk that was moved or cloned is noticed; empty where that is unknown.
    """

    incarnation: str
    seq: int
    hash: str
    machine: str = ""


UNREADABLE = Anchor("", 0, "")
"""Something that is no anchor, or can't be read: continuity is not proven."""


class AnchorFile:
    """Written by a thread of its own, soon after a commit; no sale waits for it."""

    def __init__(self, path: Path, pause_s: float = 0.5, machine: str = "") -> None:
        self._path = path
        self._machine = machine
        self._pause_s = pause_s
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._writing = threading.Lock()
        self._latest: tuple[bytes, int, bytes] | None = None
        self._written: tuple[bytes, int, bytes] | None = None
        self._thread: threading.Thread | None = None

    def read(self) -> Anchor | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Anchor)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (msgspec.DecodeError, OSError):
            return UNREADABLE

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="anchor", daemon=True)
        self._thread.start()

    def note(self, incarnation: bytes, seq: int, hash: bytes) -> None:
        """Called after the commit of that entry."""
        self._latest = (incarnation, seq, hash)
        if not self._changed.is_set():
            self._changed.set()

    def stop(self) -> None:
        self._stopping.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def flush(self) -> None:
        """Write what is known now, whole or not at all. A full disk only lets the anchor lag further."""
        with self._writing:
            latest = self._latest
            if latest is None or latest == self._written:
                return
            with contextlib.suppress(OSError):
                anchor = Anchor(latest[0].hex(), latest[1], latest[2].hex(), self._machine)
                _replace(self._path, msgspec.json.encode(anchor))
                self._written = latest

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            self.flush()
            self._stopping.wait(self._pause_s)


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
