"""Files that tills hand in: taken piece by piece onto the server's disk, believed only when their hash is right."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from shared_models.errors import ShopError
from shared_models.evidence_api import MAX_NAME, MAX_PIECE_BYTES, FileHeld, FileOffer, FilePiece
from sync_server.database import Database
from sync_server.errors import Conflict, Invalid, NotFound
from sync_server.findings import Finding
from sync_server.handed_in.tables import till_file
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity

KEPT_FREE = 1 << 30
"""Bytes of the disk that are for the shop's own data, whatever tills would hand in."""
_LARGEST = 2**62
_HEX = frozenset("0123456789abcdef")
_UNFINISHED = ".part"
_READ = 1 << 20

Raise = Callable[[Connection, list[Finding]], None]


class TooMuch(ShopError):
    """More than one till may leave here; it keeps the file itself."""

    code = "too_large"
    status = 413


class NoRoom(ShopError):
    """The server's disk is needed for sales; the till comes again."""

    code = "storage_full"
    status = 507


class TillFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a till handed in, or began to. `received` of `size` bytes are here."""

    file_id: str
    till_id: str
    store_id: str
    name: str
    sha256: str
    size: int
    received: int
    put_aside_ms: int
    whole_ms: int | None


class HandedIn:
    """`most_bytes` is what one till may leave here, all its files together."""

    def __init__(
        self,
        db: Database,
        raise_many: Raise,
        folder: Path,
        most_bytes: int,
        now_ms: NowMs,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._db = db
        self._raise_many = raise_many
        self._folder = folder
        self._most_bytes = most_bytes
        self._now_ms = now_ms
        self._free_bytes = free_bytes
        self._writing = Lock()

    def offer(self, who: TillIdentity, offer: FileOffer) -> FileHeld:
        """How much of it is here. Raises TooMuch and NoRoom before the first byte is sent."""
        _check_offer(offer)
        file_id = _id(who, offer.sha256)
        with self._db.write() as tx:
            known = _row(tx, file_id)
            if known is None:
                self._check_room(tx, who, offer.size)
                tx.execute(insert(till_file).values(**self._new_row(file_id, who, offer)))
        if known is None:
            return FileHeld(received=self._received(file_id))
        if known.whole_ms is not None:
            return FileHeld(received=known.size, whole=True)
        with self._writing:
            return self._judged(known, self._received(file_id))

    def take(self, who: TillIdentity, piece: FilePiece) -> FileHeld:
        """Durable when it returns. Bytes from elsewhere than the end change nothing, and the reply says where it is."""
        if not piece.content or len(piece.content) > MAX_PIECE_BYTES:
            raise Invalid(f"A piece has 1 to {MAX_PIECE_BYTES} bytes.")
        file_id = _id(who, piece.sha256)
        with self._db.read() as tx:
            known = _row(tx, file_id)
        if known is None:
            raise NotFound("This file was not offered. Offer it first.")
        if known.whole_ms is not None:
            return FileHeld(received=known.size, whole=True)
        with self._writing:
            received = self._received(file_id)
            if piece.offset == received and received + len(piece.content) <= known.size:
                self._append(file_id, piece.content)
                received += len(piece.content)
            return self._judged(known, received)

    def files(self, tx: Connection, till_id: str) -> list[TillFile]:
        """The newest first."""
        query = (
            select(till_file).where(till_file.c.till_id == till_id).order_by(till_file.c.offered_ms.desc())
        )
        return [self._file(row) for row in tx.execute(query)]

    def file(self, tx: Connection, till_id: str, file_id: str) -> TillFile:
        row = _row(tx, file_id)
        if row is None or row.till_id != till_id:
            raise NotFound("There is no such file of this till.")
        return self._file(row)

    def path(self, file: TillFile) -> Path:
        """Where its bytes are; raises when they are not all here."""
        path = self._folder / file.file_id
        if file.whole_ms is None:
            raise Conflict(
                f"{file.received} of {file.size} bytes are here. The till sends the rest by itself."
            )
        if not path.exists():
            raise NotFound(
                "The file's bytes are not on this server any more. The till still has it on its disk."
            )
        return path

    def remove(self, till_id: str, file_id: str) -> None:
        """Its bytes first: none stay here that nobody knows of. The till keeps its own."""
        with self._db.read() as tx:
            self.file(tx, till_id, file_id)
        for whole in (True, False):
            self._path(file_id, whole=whole).unlink(missing_ok=True)
        with self._db.write() as tx:
            tx.execute(delete(till_file).where(till_file.c.file_id == file_id))

    def _check_room(self, tx: Connection, who: TillIdentity, size: int) -> None:
        held = tx.scalar(select(func.sum(till_file.c.size)).where(till_file.c.till_id == who.till_id)) or 0
        if int(held) + size > self._most_bytes:
            raise TooMuch(
                f"The file is too large to be handed in: one till may leave {self._most_bytes >> 20} MB at head "
                "office. It stays on the till's disk; carry it on a stick, or remove older files first."
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._free_bytes(self._folder) < size + KEPT_FREE:
            raise NoRoom("The server's disk has no room for it. Make room; the till comes again by itself.")

    def _new_row(self, file_id: str, who: TillIdentity, offer: FileOffer) -> dict[str, Any]:
        return {
            "file_id": file_id,
            "device_id": who.device_id,
            "till_id": who.till_id,
            "store_id": who.store_id,
            "name": offer.name,
            "sha256": offer.sha256,
            "size": offer.size,
            "put_aside_ms": offer.put_aside_ms,
            "offered_ms": self._now_ms(),
        }

    def _append(self, file_id: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with self._path(file_id, whole=False).open("ab") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as reason:
            raise NoRoom(
                f"The server can't keep it: {reason.strerror}. The till comes again by itself."
            ) from reason

    def _judged(self, known: Row[Any], received: int) -> FileHeld:
        """Renamed before it is noted: after a crash between the two the till's next offer ends it."""
        if received < known.size:
            return FileHeld(received=received)
        part, whole = self._path(known.file_id, whole=False), self._path(known.file_id, whole=True)
        if part.exists():
            if _hash(part) != known.sha256:
                part.unlink()
                return FileHeld(received=0)
            part.replace(whole)
        with self._db.write() as tx:
            now = self._now_ms()
            tx.execute(update(till_file).where(till_file.c.file_id == known.file_id).values(whole_ms=now))
            self._raise_many(tx, [_finding(known)])
        return FileHeld(received=received, whole=True)

    def _received(self, file_id: str) -> int:
        for whole in (False, True):
            path = self._path(file_id, whole=whole)
            if path.exists():
                return path.stat().st_size
        return 0

    def _path(self, file_id: str, *, whole: bool) -> Path:
        return self._folder / (file_id if whole else file_id + _UNFINISHED)

    def _file(self, row: Row[Any]) -> TillFile:
        return TillFile(
            file_id=row.file_id,
            till_id=row.till_id,
            store_id=row.store_id,
            name=row.name,
            sha256=row.sha256,
            size=row.size,
            received=row.size if row.whole_ms is not None else self._received(row.file_id),
            put_aside_ms=row.put_aside_ms,
            whole_ms=row.whole_ms,
        )


def _check_offer(offer: FileOffer) -> None:
    if len(offer.sha256) != 64 or not set(offer.sha256) <= _HEX:
        raise Invalid("The hash is not a SHA-256 in hex.")
    if not 0 < offer.size <= _LARGEST:
        raise Invalid("The size is not one that a file has.")
    if not 0 <= offer.put_aside_ms <= _LARGEST:
        raise Invalid("The time is not one that there is.")
    if not 0 < len(offer.name) <= MAX_NAME or not offer.name.isprintable() or set(offer.name) & set('/\\"'):
        raise Invalid("The name is not one that a file has.")


def _id(who: TillIdentity, sha256: str) -> str:
    """The same file of the same machine, whenever it comes; no machine reaches another's."""
    return hashlib.sha256(f"{who.device_id}\0{sha256}".encode()).hexdigest()[:40]


def _row(tx: Connection, file_id: str) -> Row[Any] | None:
    return tx.execute(select(till_file).where(till_file.c.file_id == file_id)).one_or_none()


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return digest.hexdigest()


def _finding(file: Row[Any]) -> Finding:
    return Finding(
        key=f"till_file|{file.file_id}",
        kind="till_file",
        sentence=f"Till {file.till_id} handed in {file.name}: a database that it had to put aside.",
        refs={"till": file.till_id, "file": file.file_id},
        store_id=file.store_id,
        till_id=file.till_id,
    )
