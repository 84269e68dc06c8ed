"""What is on a disk after the power went: a model of it over the calls that SQLite made.

A file holds for certain what was written before its last sync. Of each write since then, every sector of 512 bytes
may be there, may be missing, or may be junk, whatever became of the sectors before it and after it. A file
system keeps its folders in order: that a file was made or deleted is certain once anything was synced later, and
until then the last of such changes may be missing. (Disks that lie about a sync are outside of the model, as they
are outside of what any database can bear.)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.crash_points.disk import OK, Call, Disk
from tests.crash_points.witness import Files

SECTOR = 512


class Recording:
    """The calls on a disk in their order."""

    def __init__(self, disk: Disk) -> None:
        self.folder = Path(disk.folder)
        self.calls: list[Call] = []
        disk.on_call = self._hear

    def _hear(self, call: Call) -> int:
        if call.what != "read":
            self.calls.append(call)
        return OK

    def cut(self, at: int, chance: Random, salted: str = "") -> Files:
        """The files after a power cut just before call number `at`.

        `salted` is the name of a file whose first sector never is junk: an encrypted database has the salt of its key
        there, which is written again and again and always the same, and which nothing brings back.
        """
        disk = _Platter()
        for call in self.calls[:at]:
            disk.hear(call)
        files = disk.after_the_cut(chance)
        if salted:
            files = disk.with_its_salt(files, salted)
        return {str(Path(path).relative_to(self.folder)): content for path, content in files.items()}

    def syncs(self, since: int) -> int:
        return sum(call.what == "sync" for call in self.calls[since:])


class _File:
    def __init__(self) -> None:
        self.certain = bytearray()
        self.since: list[Call] = []

    def sync(self) -> None:
        for call in self.since:
            _apply(self.certain, call, 0, len(call.content))
        self.since = []


class _Platter:
    """The files as programs see them, and which of them the folder shows for certain."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._certain: dict[str, _File] = {}
        self._changes: list[tuple[str, _File | None]] = []

    def hear(self, call: Call) -> None:
        if call.what == "open":
            if call.path not in self._files:
                self._files[call.path] = _File()
                self._changes.append((call.path, self._files[call.path]))
        elif call.what == "delete":
            self._files.pop(call.path, None)
            self._changes.append((call.path, None))
        elif call.what == "sync":
            self._files[call.path].sync()
            _change(self._certain, self._changes)
            self._changes = []
        else:
            self._files[call.path].since.append(call)

    def after_the_cut(self, chance: Random) -> Files:
        shown = dict(self._certain)
        _change(shown, self._changes[: chance.randint(0, len(self._changes))])
        way = chance.choice((_nothing, _everything, _in_order, _any_sectors, _junk))
        return {path: bytes(way(file, chance)) for path, file in shown.items()}

    def with_its_salt(self, files: Files, name: str) -> Files:
        return {
            path: bytes(self._files[path].certain[:SECTOR]) + content[SECTOR:]
            if Path(path).name == name and self._files[path].certain
            else content
            for path, content in files.items()
        }


def _change(folder: dict[str, _File], changes: Sequence[tuple[str, _File | None]]) -> None:
    for path, file in changes:
        if file is None:
            folder.pop(path, None)
        else:
            folder[path] = file


# What may have become of the writes since the last sync


def _nothing(file: _File, chance: Random) -> bytearray:
    return bytearray(file.certain)


def _everything(file: _File, chance: Random) -> bytearray:
    return _some(file, len(file.since))


def _in_order(file: _File, chance: Random) -> bytearray:
    """Up to one of them, of which a part is there."""
    whole = chance.randint(0, len(file.since))
    content = _some(file, whole)
    if whole < len(file.since):
        torn = file.since[whole]
        _apply(content, torn, 0, chance.randint(0, len(torn.content)))
    return content


def _any_sectors(file: _File, chance: Random) -> bytearray:
    content = bytearray(file.certain)
    share = chance.random()
    for call in file.since:
        for start, end in _sectors(call):
            if chance.random() < share:
                _apply(content, call, start, end)
    return content


def _junk(file: _File, chance: Random) -> bytearray:
    """As above, and some sectors hold zeros or anything."""
    content = _any_sectors(file, chance)
    for call in file.since:
        for start, end in _sectors(call):
            if chance.random() < 0.1:
                filling = bytes(end - start) if chance.random() < 0.5 else chance.randbytes(end - start)
                _apply(content, call._replace(content=bytes(start) + filling), start, end)
    return content


def _some(file: _File, count: int) -> bytearray:
    content = bytearray(file.certain)
    for call in file.since[:count]:
        _apply(content, call, 0, len(call.content))
    return content


def _sectors(call: Call) -> Sequence[tuple[int, int]]:
    """Where the call's content is cut by the borders of sectors; a truncation is one piece."""
    if call.what == "truncate":
        return [(0, 0)]
    first = SECTOR - call.offset % SECTOR
    borders = [0, *range(first, len(call.content), SECTOR), len(call.content)]
    return list(pairwise(borders))


def _apply(content: bytearray, call: Call, start: int, end: int) -> None:
    if call.what == "truncate":
        del content[call.offset :]
        return
    at = call.offset + start
    content.extend(bytes(max(0, at - len(content))))
    content[at : call.offset + end] = call.content[start:end]
