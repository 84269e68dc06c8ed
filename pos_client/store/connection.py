"""Connections to one SQLite file: one writer behind a lock, readers beside it, durable, keyed or not.

The driver is used as it is: SQLAlchemy's execution layer took a fifth of a durable sale, and loading it a third of
the time until the till can be seen.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import sqlcipher3.dbapi2 as driver

from pos_client.store.storage_errors import Ballast, is_full, storage_error
from pos_client.till.errors import StorageFailed

DriverConnection: type[Any] = driver.Connection
DriverError: type[Exception] = driver.Error

T = TypeVar("T")

OLDEST_SQLITE = (3, 51, 3)
"""Older ones can lose the end of a write-ahead log when it is reset."""
_BUSY_MS = 5000
_READERS_KEPT = 4
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
        self._durable = durable
        synchronous = "full" if durable else "normal"
        self._readers = _Readers(
            lambda: _connect(path, key, DriverConnection, _pragmas(synchronous, read_only=True))
        )
        self._writer: Any = None
        if read_only:
            return
        with self._translated():
            self._writer = _connect(path, key, factory, _pragmas(synchronous, read_only=False))

    def write(self, work: Callable[[Driver], T]) -> T:
        """Run `work` in one transaction. On a full disk the ballast is given up and `work` runs once more."""
        with self.lock:
            try:
                return self._once(work)
            except driver.Error as reason:
                if not is_full(reason) or self._ballast is None or not self._ballast.drop():
                    raise_translated(reason, self.path, facts=self._durable)
            with self._translated():
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
        with self.lock, self._translated():
            self._writer.execute("pragma synchronous=normal")
            try:
                return self._once(work)
            finally:
                self._writer.execute("pragma synchronous=full")

    @contextmanager
    def read(self) -> Iterator[Driver]:
        """A connection that sees one committed state, whatever the writer does meanwhile."""
        with self._translated():
            connection = self._readers.borrow()
            try:
                connection.execute("begin")
                yield connection
            finally:
                self._readers.give_back(connection)

    def script(self, statements: str) -> None:
        """Run several statements outside a transaction of ours (pragmas, VACUUM)."""
        with self.lock, self._translated():
            self._writer.executescript(statements)

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
        with self._translated():
            connection = self._readers.borrow()
            try:
                connection.execute("pragma wal_checkpoint(passive)").fetchall()
            finally:
                self._readers.give_back(connection)

    def close(self) -> None:
        with self.lock, self._translated():
            self._readers.close()
            if self._writer is not None:
                self._writer.close()

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.path, facts=self._durable)


def open_reader(path: Path, key: str | None) -> Any:
    """A bare connection to a file that is there and may be damaged; raises StorageFailed, later the driver's errors."""
    if not path.exists():
        raise StorageFailed(f"There is no file {path}.")
    with translated(path):
        return _connect(path, key, DriverConnection, _pragmas("normal", read_only=True))


def check_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")) < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StorageFailed(
            f"SQLite {version} can lose sales; {wanted} or newer is needed. Install the sqlcipher3 package.",
            version=version,
        )


@contextmanager
def translated(path: Path, *, facts: bool = True) -> Iterator[None]:
    """Turn what the driver says about the disk into StorageFull and StorageFailed; bugs pass through."""
    try:
        yield
    except driver.Error as reason:
        raise_translated(reason, path, facts=facts)


def raise_translated(reason: Exception, path: Path, *, facts: bool = True) -> NoReturn:
    raise storage_error(reason, path, facts=facts) or reason from reason


class _Readers:
    """Connections that only read, kept for the next who asks; one is made when none is idle."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._idle: deque[Any] = deque()
        self._closed = False

    def borrow(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def give_back(self, connection: Any) -> None:
        if connection.in_transaction:
            connection.execute("rollback")
        if self._closed or len(self._idle) >= _READERS_KEPT:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Idle ones now, borrowed ones when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()


def _connect(path: Path, key: str | None, factory: type[Any], pragmas: tuple[str, ...]) -> Any:
    connection = driver.connect(str(path), isolation_level=None, check_same_thread=False, factory=factory)
    try:
        if key is not None:
            connection.execute(f"pragma key=\"x'{key}'\"")
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


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
