"""Keeping the till's copy of reference data: changes by the page or the whole file, proved by checksums."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlcipher3.dbapi2 as driver

from pos_client.store.connection import Database, Driver, DriverConnection
from pos_client.store.storage_errors import DAMAGED_COPY, SUSPECT, is_damage, mark_suspect
from pos_client.till.errors import StorageFailed
from shared_models import catalogue_file, reference
from shared_models.errors import ShopError
from shared_models.reference import FeedPage, FeedPosition

log = logging.getLogger(__name__)

Now = Callable[[], int]
"""The wall clock in Unix milliseconds."""


class BadCatalogueFile(ShopError):
    """A downloaded catalogue that is damaged or not a catalogue."""

    code = "bad_catalogue_file"


class CatalogueStore:
    """The file with its connections. `generation` grows whenever what it says may have changed.

    `connection_class` replaces the driver's connection for the one that writes.
    A copy in which damage was met is read on where it can be, and claims no position, so that a whole file is fetched
    and put in its place, also after a restart.
    """

    def __init__(self, path: Path, now: Now, connection_class: type[Any] = DriverConnection) -> None:
        self._path = path
        self._now = now
        self._connection_class = connection_class
        self._swapping = threading.Condition()
        self._readers = 0
        self._wanted = False
        self.generation = 1
        self._suspicion = path.with_name(path.name + SUSPECT)
        self._is_spoilt = self._suspicion.exists()
        self._database = self._open()

    def _open(self) -> Database:
        try:
            return _open_file(self._path, self._connection_class)
        except (StorageFailed, driver.Error) as reason:
            if not is_damage(reason):
                raise
            # Everything in it can be fetched again, so a damaged copy must not keep the till from starting.
            log.warning("The catalogue can't be read (%s). It is put aside and fetched again.", reason)
            self._put_aside()
            self._is_spoilt = False
            return _open_file(self._path, self._connection_class)

    def _put_aside(self) -> None:
        try:
            for suffix in ("", "-wal", "-shm"):
                damaged = self._path.with_name(self._path.name + suffix)
                if damaged.exists():
                    damaged.replace(self._path.with_name(f"{self._path.name}.damaged{suffix}"))
        except OSError as reason:
            raise StorageFailed(
                f"The till's folder can't be written. Check the rights of {self._path.parent} and its disk.",
                path=str(self._path),
                reason=str(reason),
            ) from reason
        self._suspicion.unlink(missing_ok=True)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def read(self) -> Iterator[Driver]:
        """A connection to the file that is in place now. A swap waits until it is given back, and new readers wait
        for the swap; so never read inside a read."""
        with self._swapping:
            self._swapping.wait_for(lambda: not self._wanted)
            self._readers += 1
        try:
            with self._noting_damage(), _misread(self._path), self._database.read() as connection:
                yield connection
        finally:
            with self._swapping:
                self._readers -= 1
                self._swapping.notify_all()

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except StorageFailed as reason:
            if is_damage(reason) and not self._is_spoilt:
                log.warning("Part of the catalogue can't be read (%s). A new one is fetched.", reason)
                self._is_spoilt = True
            raise

    def positions(self) -> tuple[FeedPosition, ...]:
        """None at all when the copy is damaged: what it says of itself is worth nothing then."""
        if self._is_spoilt:
            return ()
        with self.read() as connection:
            return _positions(connection)

    def as_of_ms(self) -> int | None:
        with self.read() as connection:
            (newest,) = connection.execute("select max(applied_at_ms) from feed_state").fetchone()
        return newest or None

    def apply(self, page: FeedPage) -> bool:
        """One transaction; False, with nothing changed, when the page does not fit this copy."""
        if page.reset:
            return False
        try:
            with self._noting_damage():
                self._database.write(lambda connection: _apply(connection, page, self._now()))
        except (_DoesNotFit, msgspec.DecodeError, driver.IntegrityError):
            return False
        self.generation += 1
        return True

    def swap_in(self, path: Path) -> None:
        check_file(path)
        with self._swapping:
            self._wanted = True
            self._swapping.wait_for(lambda: self._readers == 0)
            try:
                self._replace_by(path)
            finally:
                self._wanted = False
                self._swapping.notify_all()
        self._database.write(lambda connection: _stamp(connection, self._now()))

    def _replace_by(self, path: Path) -> None:
        try:
            self._make_room()
            path.replace(self._path)
        finally:
            self._database = self._open()
            self.generation += 1

    def _make_room(self) -> None:
        """Closing moves the log into the old file and removes it; left behind it would spoil the new one."""
        try:
            self._database.close()
        except StorageFailed as reason:
            if not is_damage(reason):
                raise
            self._is_spoilt = True
        if self._is_spoilt:
            self._put_aside()
            self._is_spoilt = False


class SpoiltRow(Exception):
    """A row is not what came down."""


def proved(entity: str, id: str, body: bytes, row_hash: int) -> bytes:
    """`body`; to be called inside a `read`, which makes a spoilt row a damaged catalogue. No price is read wrong."""
    if catalogue_file.signed(reference.row_hash(entity, id, body)) != row_hash:
        raise SpoiltRow(f"{entity} {id}")
    return body


@contextmanager
def _misread(path: Path) -> Iterator[None]:
    try:
        yield
    except SpoiltRow as reason:
        mark_suspect(path)
        raise StorageFailed(DAMAGED_COPY, path=str(path), reason=str(reason)) from reason


def _open_file(path: Path, connection_class: type[Any]) -> Database:
    database = Database(path, durable=False, factory=connection_class)
    try:
        with database.read() as connection:
            made = connection.execute("select 1 from sqlite_master where name = 'feed_state'").fetchone()
            if made is not None:
                _read_what_every_start_needs(connection)
        if made is None:
            schema = catalogue_file.SCHEMA_SQL + catalogue_file.INDEX_SQL
            database.script(f"begin immediate; {schema} commit;")
        else:
            database.script(catalogue_file.VARIANT_INDEX_SQL)
    except (StorageFailed, driver.Error):
        database.close()
        raise
    return database


def _read_what_every_start_needs(connection: Driver) -> None:
    """Store, taxes and staff: damage there would stop the till when it is too late to put the copy aside."""
    for table in ("feed_state", "reference"):
        for _ in connection.execute(f"select * from {table}"):
            pass


class _DoesNotFit(Exception):
    """The page is not the next one, or its checksum is not what the copy comes to."""


def _apply(connection: Driver, page: FeedPage, now_ms: int) -> None:
    row = connection.execute(
        "select epoch, ver, checksum from feed_state where stream = ?", (page.stream,)
    ).fetchone()
    epoch, ver, checksum = (row[0], row[1], int(row[2])) if row else (page.epoch, 0, 0)
    if (page.epoch, page.after) != (epoch, ver):
        raise _DoesNotFit
    for change in page.changes:
        checksum = _apply_change(connection, change, checksum)
    if checksum != page.checksum_after:
        raise _DoesNotFit
    connection.execute(
        "insert or replace into feed_state(stream, epoch, ver, checksum, applied_at_ms)"
        " values (?, ?, ?, ?, ?)",
        (page.stream, page.epoch, page.to, str(checksum), now_ms),
    )


def _apply_change(connection: Driver, change: reference.Change, checksum: int) -> int:
    old = connection.execute(*catalogue_file.old_hash_query(change.entity, change.id)).fetchone()
    for sql, parameters in catalogue_file.statements(change):
        connection.execute(sql, parameters)
    return reference.checksum_with(
        checksum,
        removed=catalogue_file.unsigned(old[0]) if old else 0,
        added=reference.row_hash(change.entity, change.id, change.body) if change.op == reference.PUT else 0,
    )


def _positions(connection: Driver) -> tuple[FeedPosition, ...]:
    rows = connection.execute(
        "select stream, epoch, ver, checksum from feed_state order by stream"
    ).fetchall()
    return tuple(FeedPosition(stream, epoch, ver, int(checksum)) for stream, epoch, ver, checksum in rows)


def _stamp(connection: Driver, now_ms: int) -> None:
    connection.execute("update feed_state set applied_at_ms = ?", (now_ms,))


def check_file(path: Path) -> None:
    """Raises BadCatalogueFile unless it is a catalogue with all the rows that its checksums name.

    Its bytes are proved by its name already, as those that the server made and looked through; reading all of them
    again took four fifths of the time until a new till could sell. Each row is proved whenever it is read.
    """
    advice = "Get it again; the till sells on with the one it has."
    try:
        connection = driver.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    except driver.Error as reason:
        raise BadCatalogueFile(f"The new catalogue can't be opened ({reason}). {advice}") from reason
    try:
        claimed = sum(position.checksum for position in _positions(connection))
        found = catalogue_file.checksum(connection.execute(catalogue_file.ROW_HASHES_SQL).fetchall())
    except driver.Error as reason:
        raise BadCatalogueFile(f"The new catalogue can't be read ({reason}). {advice}") from reason
    finally:
        connection.close()
    if (claimed - found) % reference.CHECKSUM_MODULUS:
        raise BadCatalogueFile(f"The new catalogue's rows are not those it was made with. {advice}")
