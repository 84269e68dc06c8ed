"""The catalogue as one prebuilt file: fetched in parts that survive a restart, checked, swapped in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import zstandard

from pos_client.sync.outcomes import Failure, LocalFault, Nonsense, Refused, Reply
from pos_client.sync.ports import CatalogueCopy
from pos_client.sync.server_port import Server
from shared_models.errors import ShopError
from shared_models.reference import FEED_SCHEMA
from shared_models.sync_api import SnapshotManifest

LARGEST_FILE = 8 << 30
SPARE_BYTES = 64 << 20
"""Left free for the sales of the day."""
_PIECE = 1 << 20
_HEX = frozenset("0123456789abcdef")
_LARGEST_WINDOW = 1 << 27

Stopping = Callable[[], bool]


class Bootstrap:
    """Safe to kill anywhere: `fetch` goes on where the file on disk ends; only `swap_in` changes the copy.

    `directory` is this class's own, and on the copy's file system, so that the file can be moved into its place.
    """

    def __init__(self, server: Server, directory: Path, copy: CatalogueCopy, stopping: Stopping) -> None:
        self._server = server
        self._directory = directory
        self._copy = copy
        self._stopping = stopping

    def fetch(self, store_id: str) -> Failure | None:
        """None when the copy is the server's file now."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return self._fetch(store_id)
        except OSError as reason:
            return LocalFault(f"the catalogue can't be stored: {reason.strerror or reason}")

    def _fetch(self, store_id: str) -> Failure | None:
        asked = self._server.snapshot(store_id)
        if not isinstance(asked, Reply):
            return asked
        manifest = asked.value
        wrong = _wrong_with(manifest, store_id) or _no_room(manifest, self._directory)
        if wrong is not None:
            return wrong
        packed = self._directory / f"{manifest.sha256}.part"
        self._tidy(keep=packed)
        return self._download(manifest, packed) or self._put_in_place(manifest, packed)

    def _download(self, manifest: SnapshotManifest, packed: Path) -> Failure | None:
        with packed.open("ab") as file:
            sink = _Sink(file, manifest.size, self._stopping)
            if file.tell() > manifest.size:
                sink.start_at(0)
            if file.tell() < manifest.size:
                outcome = self._server.blob(manifest.sha256, file.tell(), sink)
                if not isinstance(outcome, Reply):
                    return self._start_over_if(packed, outcome)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        if size == manifest.size and _digest(packed) == manifest.sha256:
            return None
        if size >= manifest.size:
            packed.unlink()
            return Nonsense("the catalogue file came damaged; it is fetched anew")
        return Nonsense(f"the catalogue file ended after {size} of {manifest.size} bytes")

    def _start_over_if(self, packed: Path, failure: Failure) -> Failure:
        """A range that the server can't serve will not get better by asking for it again."""
        if isinstance(failure, Refused) and failure.status == 416:
            packed.unlink()
        return failure

    def _put_in_place(self, manifest: SnapshotManifest, packed: Path) -> Failure | None:
        unpacked = packed.with_suffix(".db")
        try:
            unpack_file(packed, unpacked, manifest.unpacked_size)
            if self._stopping():
                return LocalFault("the till is shutting down")
            self._copy.swap_in(unpacked)
        except (zstandard.ZstdError, _WrongSize) as reason:
            packed.unlink()
            return Nonsense(f"the catalogue file can't be unpacked: {reason}")
        except ShopError as reason:
            packed.unlink()
            return Nonsense(f"the catalogue file was not taken: {reason.message}")
        finally:
            unpacked.unlink(missing_ok=True)
        packed.unlink()
        return None

    def _tidy(self, keep: Path) -> None:
        """What earlier tries left behind of other files."""
        for left in (*self._directory.glob("*.part"), *self._directory.glob("*.db")):
            if left != keep:
                left.unlink()


class _WrongSize(Exception):
    pass


def unpack_file(packed: Path, unpacked: Path, size: int) -> None:
    """Never writes more than `size` bytes, whatever the frame says of itself."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    left = size
    with packed.open("rb") as source, unpacked.open("wb") as target:
        with decompressor.stream_reader(source, read_across_frames=True) as reader:
            while piece := reader.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise _WrongSize(f"it is larger than {size} bytes")
                target.write(piece)
        if left:
            raise _WrongSize(f"it has {size - left} bytes instead of {size}")
        target.flush()
        os.fsync(target.fileno())


class _Sink:
    """Appends to the part file, never past the size that was announced."""

    def __init__(self, file: BinaryIO, most: int, stopping: Stopping) -> None:
        self._file = file
        self._most = most
        self._stopping = stopping

    def start_at(self, offset: int) -> None:
        self._file.truncate(offset)
        self._file.seek(offset)

    def write(self, piece: bytes) -> bool:
        room = self._most - self._file.tell()
        self._file.write(piece[:room])
        return len(piece) <= room and not self._stopping()


def _wrong_with(manifest: SnapshotManifest, store_id: str) -> Failure | None:
    if manifest.feed_schema != FEED_SCHEMA:
        return Refused(426)
    if manifest.store_id != store_id:
        return Nonsense(f"a catalogue file of store {manifest.store_id[:40]!r}")
    if len(manifest.sha256) != 64 or not _HEX.issuperset(manifest.sha256):
        return Nonsense("a catalogue file without a proper name")
    if not (0 < manifest.size <= LARGEST_FILE and 0 < manifest.unpacked_size <= LARGEST_FILE):
        return Nonsense(f"a catalogue file of {manifest.size} and {manifest.unpacked_size} bytes")
    return None


def _no_room(manifest: SnapshotManifest, directory: Path) -> Failure | None:
    """Packed, unpacked, and perhaps once more where it is swapped in."""
    need = manifest.size + 2 * manifest.unpacked_size + SPARE_BYTES
    free = shutil.disk_usage(directory).free
    if free >= need:
        return None
    return LocalFault(f"the disk has {free >> 20} MB free and the catalogue needs {need >> 20} MB: make room")


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
