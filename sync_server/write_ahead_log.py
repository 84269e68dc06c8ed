"""Emptying SQLite's write-ahead log on a thread of its own, so that no till and no booking waits for it."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlcipher3.dbapi2 import Error

from sync_server.database import Database

_FROM_PAGES, _LONG_PAGES = 1000, 4000
"""8 and 32 MB."""
_AFTER_TROUBLE_S = 2.0
_log = logging.getLogger(__name__)


class WriteAheadLog:
    """Moves the log's pages into the file once there are a thousand. Nothing to do on PostgreSQL.

    A page is durable where it is: moving it loses nothing when it is cut short, and nobody waits for it. But the log
    begins anew only once all of it is moved, and while others write there is always a little more than the thread has
    moved. So once it is long, whoever commits moves that little. See https://sqlite.org/wal.html, "Checkpointing".
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._due = threading.Event()
        self._one_moves = threading.Lock()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        assert self._thread is None
        if self._db.on_postgresql:
            return
        self._db.log_pages = 0
        self._db.after_commit.append(self._committed)
        self._thread = threading.Thread(target=self._run, name="write-ahead log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _committed(self, tx: Connection) -> None:
        """Nobody else writes until this returns. Whatever becomes of the log, what was committed stands."""
        connection: Any = tx.connection.driver_connection
        try:
            _, pages, moved = connection.execute("pragma wal_checkpoint(noop)").fetchone()
            if pages >= _LONG_PAGES:
                self._move(connection)
            elif pages - moved >= _FROM_PAGES:
                self._due.set()
        except Error as trouble:
            _complain(trouble)
            self._due.set()

    def _run(self) -> None:
        pause: float | None = None
        while True:
            self._due.wait(pause)
            self._due.clear()
            if self._stopping:
                return
            pause = None
            try:
                with closing(self._db.engine.raw_connection()) as connection:
                    self._move(connection)
            except (Error, SQLAlchemyError) as trouble:
                _complain(trouble)
                pause = _AFTER_TROUBLE_S

    def _move(self, connection: Any) -> None:
        with self._one_moves:
            connection.execute("pragma wal_checkpoint(passive)").fetchone()


def _complain(trouble: Exception) -> None:
    _log.warning("the write-ahead log could not be emptied; it is tried again: %s", trouble)
