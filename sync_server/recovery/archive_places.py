"""Where an archive is written: a folder, or one ZIP file with the same files in it. The same files, the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from sync_server.errors import Conflict

_ALWAYS = (1980, 1, 1, 0, 0, 0)
"""What a ZIP file says of every file's time: the earliest that it can say."""


class Place(Protocol):
    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """A new file there, one at a time."""
        yield NotImplemented


class Folder:
    """A new or an empty one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            taken = any(path.iterdir())
        except OSError as reason:
            raise Conflict(f"{path} can't be used: {reason.strerror}. Name another folder.") from reason
        if taken:
            raise Conflict(f"{path} is not empty. Name a new folder; nothing was archived.")

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        with (self._path / name).open("wb") as file:
            yield file


class Zip:
    """Written into an open file as it comes, so that nothing of it is held in memory."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        about = zipfile.ZipInfo(name, _ALWAYS)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.create_system = 3
        about.external_attr = 0o644 << 16
        with self._archive.open(about, "w", force_zip64=True) as file:
            yield file


@contextmanager
def zip_into(file: IO[bytes]) -> Iterator[Zip]:
    with zipfile.ZipFile(file, "w") as archive:
        yield Zip(archive)
