"""Connections to one SQLite file: one writer behind a lock, readers beside it, durable, keyed or not.

SQLAlchemy opens, keeps and closes the connections; statements go to the driver's own connection, because on a
fast disk SQLAlchemy's execution layer alone took a fifth of a durable sale.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from pos_client.store.storage_errors import Ballast, is_full, storage_error
from pos_client.till.errors import StorageFailed

DriverConnection: type[Any] = driver.Connection

T = TypeVar("T")

OLDEST_SQLITE = (3, 51, 3)
"""Older ones can lose the end of a write-ahead log when it is reset."""
_BUSY_MS = 5000
_JOURNAL_BYTES = 64 << 20
_CHECKPOINT_PAGES = 4000
LOG_BYTES = 16 << 20
"""What the write-ahead log grows to between two checkpoints."""


class Driver(Protocol):
    """What is used of the driver's connection."""

    in_transaction: bool

    def execute(self, sql: str, parameters: Any = ()) -> Any: ...

    def executemany(self, sql: str, parameters: Any) -> Any: ...


class Database:
    """One file. `key` is a raw 256-bit key as 64 hex digits; without it the file is plain SQLite.

    `durable` is for facts: every commit is on the disk when it returns. A copy that can be fetched again does
    without. `factory` replaces the driver's connection class.
    """

    def __init__(
        self,
        path: Path,
        key: str | None = None,
        *,
        durable: bool = True,
        read_only: bool = False,
        ballast: Ballast | None = None,
        factory: type[Any] = DriverConnection,
    ) -> None:
        check_version(driver.sqlite_version)
        if key is not None and (len(key) != 64 or not set(key) <= set("0123456789abcdefABCDEF")):
            raise StorageFailed("The database key is not 64 hex digits. Enter the key again.")
        self.path = path
        self.lock = threading.RLock()
        self._ballast = ballast
        self._checked_out: Any = None
        synchronous = "full" if durable else "normal"
        self._writers = _engine(path, key, factory, synchronous, read_only=False)
        self._readers = _engine(path, key, DriverConnection, synchronous, read_only=True)
        if read_only:
            return
        with translated(path):
            self._checked_out = self._writers.raw_connection()
            self._writer: Driver = self._checked_out.driver_connection

    def write(self, work: Callable[[Driver], T]) -> T:
        """Run `work` in one transaction. On a full disk the ballast is given up and `work` runs once more."""
        with self.lock:
            try:
                return self._once(work)
            except driver.Error as reason:
                if not is_full(reason) or self._ballast is None or not self._ballast.drop():
                    raise_translated(reason, self.path)
            with translated(self.path):
                return self._once(work)

    def _once(self, work: Callable[[Driver], T]) -> T:
        connection = self._writer
        try:
            connection.execute("begin immediate")
            result = work(connection)
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        return result

    def write_softly(self, work: Callable[[Driver], T]) -> T:
        """Like `write`, not waiting for the disk: it survives the end of the process, not of the power.

        It never costs the ballast, which belongs to the sales.
        """
        with self.lock, translated(self.path):
            self._writer.execute("pragma synchronous=normal")
            try:
                return self._once(work)
            finally:
                self._writer.execute("pragma synchronous=full")

    @contextmanager
    def read(self) -> Iterator[Driver]:
        """A connection that sees one committed state, whatever the writer does meanwhile."""
        with translated(self.path):
            checked_out = self._readers.raw_connection()
            try:
                connection: Driver = checked_out.driver_connection  # type: ignore[assignment]
                connection.execute("begin")
                yield connection
            finally:
                checked_out.close()

    def script(self, statements: str) -> None:
        """Run several statements outside a transaction of ours (pragmas, VACUUM)."""
        with self.lock, translated(self.path):
            self._writer.executescript(statements)  # type: ignore[attr-defined]

    def grow_log(self, size: int = LOG_BYTES) -> None:
        """Bring the write-ahead log to its working size now: a commit that lengthens it takes 1.7 x as long.

        Pages that spill from a transaction which is then rolled back do that, and leave nothing behind.
        """
        with self.lock:
            try:
                self._writer.execute("begin immediate")
                self._writer.execute("create table spill(filling blob)")
                self._writer.execute("insert into spill values (zeroblob(?))", (size,))
            except driver.Error as reason:
                if not is_full(reason):
                    raise
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file as far as no reader is in the way; for idle moments.

        On a connection of its own, so no sale waits for it.
        """
        with translated(self.path):
            checked_out = self._readers.raw_connection()
            try:
                connection: Any = checked_out.driver_connection
                connection.execute("pragma wal_checkpoint(passive)").fetchall()
            finally:
                checked_out.close()

    def close(self) -> None:
        with self.lock, translated(self.path):
            self._readers.dispose()
            if self._checked_out is not None:
                self._checked_out.close()
            self._writers.dispose()


def check_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")) < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StorageFailed(
            f"SQLite {version} can lose sales; {wanted} or newer is needed. Install the sqlcipher3 package.",
            version=version,
        )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the driver says about the disk into StorageFull and StorageFailed; bugs pass through."""
    try:
        yield
    except driver.Error as reason:
        raise_translated(reason, path)


def raise_translated(reason: Exception, path: Path) -> NoReturn:
    raise storage_error(reason, path) or reason from reason


def _engine(path: Path, key: str | None, factory: type[Any], synchronous: str, *, read_only: bool) -> Engine:
    def creator() -> Any:
        connection = driver.connect(str(path), isolation_level=None, check_same_thread=False, factory=factory)
        if key is not None:
            connection.execute(f"pragma key=\"x'{key}'\"")
        for pragma in _pragmas(synchronous, read_only):
            connection.execute(f"pragma {pragma}").fetchall()
        return connection

    # A bare sqlite:// URL would choose a pool of one connection per thread.
    return create_engine("sqlite://", module=driver, creator=creator, poolclass=QueuePool, pool_size=4)


def _pragmas(synchronous: str, read_only: bool) -> tuple[str, ...]:
    shared = (f"busy_timeout={_BUSY_MS}", "foreign_keys=on", "trusted_schema=off")
    if read_only:
        return (*shared, "query_only=on")
    return (
        *shared,
        "journal_mode=wal",
        f"synchronous={synchronous}",
        f"journal_size_limit={_JOURNAL_BYTES}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
    )
