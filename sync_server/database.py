"""The database: one place that opens and commits transactions, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import sqlcipher3.dbapi2
from sqlalchemy import Connection, Engine, MetaData, QueuePool, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, TimeoutError

from shared_models.errors import ShopError

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
"""Every area's tables; `schema` imports them all."""

OLDEST_SAFE_SQLITE = (3, 51, 3)
_WRITE, _LOG_PAGES = "evertill_write", "evertill_log_pages"
_PAGE_BYTES = 8192
"""Of a new file. A sale of five lines is 2.4 KB in the log: three to a page, and on one of 4096 bytes only one."""
_PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE: connection, rollback by the database, resources, locks, operators, the system."""
_WRITE_WAIT_S = 60
A_TILL_WAITS_S = 10
"""Less than a till waits for an answer (15 s): one that is not told takes its batch for too large."""
_NOT_OFF = (
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"
)

Transaction = Connection
"""What `read` and `write` give, for those who pass it on and write no SQL."""
Hook = Callable[[Connection], None]


for _kind, _bound_as in (
    (bytes, bytes),
    (memoryview, memoryview),
    (bool, int),
    (type(None), lambda none: none),
):
    # the driver looks for an adapter of every value but numbers and text; finding none costs it ten times the binding
    sqlcipher3.dbapi2.register_adapter(_kind, _bound_as)


class DatabaseBusy(ShopError):
    """Others hold the database, or all connections to it, for longer than anybody should wait."""

    code = "database_busy"
    status = 503
    headers: ClassVar = {"Retry-After": "3"}


class Database:
    """`read()` and `write()` give a Connection inside a transaction; a read sees one snapshot.

    Leaving `write()` commits, an exception rolls back. On SQLite a write is BEGIN IMMEDIATE, one at a time.
    An error's text names the statement and not its values, which may be a PIN's hash.
    `log_pages`: with more of them in SQLite's write-ahead log, whoever commits moves them into the file.
    `before_commit` hooks run as the last statements of the write transaction; `after_commit` hooks once it is
    durable, and use the connection only to know which transaction it was.
    """

    def __init__(self, url: str, *, key: str = "", pool_size: int = 8) -> None:
        self.dialect = "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql"
        make = _sqlite_engine if self.dialect == "sqlite" else _postgresql_engine
        self.engine = make(url, key, pool_size)
        self.before_commit: list[Hook] = []
        self.after_commit: list[Hook] = []
        self.log_pages = 1000
        self._one_writer = threading.Lock()

    @property
    def on_postgresql(self) -> bool:
        return self.dialect == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._connected() as connection:
            if self.on_postgresql:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, *, lasting: bool = True, wait_s: float = _WRITE_WAIT_S) -> Iterator[Connection]:
        """Raises DatabaseBusy where other writers hold SQLite's file for longer than `wait_s`.

        Not `lasting`: the last of these commits may be gone after a power cut, each whole, and no other with it.

        For what is made again from what lasts.
        """
        with self._writing(wait_s), self._connected() as connection:
            kind = "lasting" if lasting else "passing"
            connection.execution_options(**{_WRITE: kind, _LOG_PAGES: self.log_pages})
            with connection.begin():
                if self.on_postgresql and not lasting:
                    connection.exec_driver_sql("set local synchronous_commit = off")
                yield connection
                for hook in self.before_commit:
                    hook(connection)
            for hook in self.after_commit:
                hook(connection)

    def close(self) -> None:
        self.engine.dispose()

    def _connected(self) -> Connection:
        try:
            return self.engine.connect()
        except TimeoutError as reason:
            raise DatabaseBusy("The server is busy. Try again in a moment.") from reason

    @contextmanager
    def _writing(self, wait_s: float) -> Iterator[None]:
        """SQLite takes one writer; waiting here is fair and cheap, waiting in SQLite is neither."""
        if self.on_postgresql:
            yield
            return
        if not self._one_writer.acquire(timeout=wait_s):
            raise DatabaseBusy("The database is busy. Try again in a moment.")
        try:
            yield
        finally:
            self._one_writer.release()


def is_passing(reason: Exception) -> bool:
    """Says nothing of what was written: a deadlock, a lost connection. The same may go well the next time."""
    if not isinstance(reason, DBAPIError):
        return isinstance(reason, DatabaseBusy)
    if reason.connection_invalidated:
        return True
    if isinstance(reason.orig, psycopg.Error):
        # without a state it never came to a statement: the server could not be reached, or would not let us in
        state = reason.orig.sqlstate
        return isinstance(reason, OperationalError) if state is None else state.startswith(_PASSING)
    return any(word in str(reason.orig) for word in ("is locked", "is full", "disk I/O error"))


@contextmanager
def driver_of(tx: Connection) -> Iterator[Any]:
    """The driver's own connection, for what only it can do. What it raises comes out in SQLAlchemy's words."""
    driver: Any = tx.connection.driver_connection
    try:
        yield driver
    except psycopg.Error as reason:
        is_gone = tx.dialect.is_disconnect(reason, driver, None)  # type: ignore[arg-type]
        raise DBAPIError.instance(
            "", None, reason, psycopg.Error, connection_invalidated=is_gone, dialect=tx.dialect
        ) from reason


def _sqlite_engine(url: str, key: str, pool_size: int) -> Engine:
    path = make_url(url).database
    assert path, "the server keeps its SQLite database in a file"
    assert sqlcipher3.dbapi2.sqlite_version_info >= OLDEST_SAFE_SQLITE, "this SQLite can corrupt its WAL"
    Path(path).parent.mkdir(parents=True, exist_ok=True)

    def connect() -> Any:
        connection = sqlcipher3.dbapi2.connect(path, isolation_level=None, check_same_thread=False)
        if key:
            connection.execute(f"pragma key=\"x'{bytes.fromhex(key).hex()}'\"")
        else:
            connection.execute(f"pragma page_size={_PAGE_BYTES}")
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "busy_timeout=15000"):
            connection.execute(f"pragma {pragma}")
        return connection

    engine = create_engine(
        "sqlite://",
        module=sqlcipher3.dbapi2,
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=16,
        pool_timeout=A_TILL_WAITS_S,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options.get(_WRITE)
        if writes:
            connection.exec_driver_sql(f"pragma synchronous={'full' if writes == 'lasting' else 'normal'}")
            connection.exec_driver_sql(f"pragma wal_autocheckpoint={options[_LOG_PAGES]}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def in_sqlalchemys_words(context: ExceptionContext) -> Exception | None:
        """Of a number past 64 bits the driver raises no error of a driver's; PostgreSQL's says: out of range."""
        reason = context.original_exception
        if isinstance(reason, OverflowError):
            return DataError(context.statement, context.parameters, reason)
        return None

    return engine


def _postgresql_engine(url: str, key: str, pool_size: int) -> Engine:
    assert not key, "database_key is for SQLite; PostgreSQL encrypts below its files"
    target = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        target,
        pool_size=pool_size,
        max_overflow=16,
        pool_timeout=A_TILL_WAITS_S,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def make_lasting(connection: psycopg.Connection, record: object) -> None:
        """Whatever the database is set to: a till lets go of nothing that a power cut can take back."""
        connection.execute(_NOT_OFF)
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def let_go(context: ExceptionContext) -> None:
        """A cursor on the server's side is nobody's once its connection died, and the driver complains about it."""
        cursor: Any = context.execution_context and context.execution_context.cursor
        if context.is_disconnect and isinstance(cursor, psycopg.ServerCursor):
            with suppress(psycopg.Error):
                cursor.close()

    return engine
