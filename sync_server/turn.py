"""Whose turn it is: of several servers on one PostgreSQL, one does the periodic work."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from sync_server.database import Database

_LOCK = 0x65767432
_log = logging.getLogger(__name__)


class Turn:
    """Held from the first `is_ours` that finds it free until `give_up`, or until its connection dies.

    The lock lives on a connection of its own, outside the pool: PostgreSQL frees it when this process is gone.
    Work done twice, by one that has not noticed its connection's death, costs time and harms nothing.
    On SQLite a process is alone, and it is always its turn.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._held: Connection | None = None
        self._one_at_a_time = threading.Lock()

    def is_ours(self) -> bool:
        if not self._db.on_postgresql:
            return True
        with self._one_at_a_time:
            try:
                return self._still_held() or self._taken()
            except SQLAlchemyError as reason:
                _log.info("the database can't say whose turn it is: %s", reason)
                return False

    def give_up(self) -> None:
        with self._one_at_a_time:
            self._let_go()

    def _still_held(self) -> bool:
        if self._held is None:
            return False
        try:
            self._held.execute(text("select 1"))
        except SQLAlchemyError:
            _log.info("the connection that held the turn is gone; it is asked for again")
            self._let_go()
        return self._held is not None

    def _taken(self) -> bool:
        connection = self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        try:
            if connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
                self._held = connection
        finally:
            if self._held is None:
                connection.close()
        return self._held is not None

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
