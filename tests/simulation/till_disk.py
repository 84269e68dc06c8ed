"""The till's books as the driver sees them: what is committed is told to the oracle, and a full disk takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlcipher3.dbapi2 as driver

from tests.simulation.disk import Life, connections_of
from tests.simulation.oracle import Committed

if TYPE_CHECKING:
    from tests.simulation.till import Till

_ENTRY = "insert into entry("
_WRITES = ("insert", "update", "delete", "create")
_SQLITE_FULL = 13
_SPARE_WRITES = 40
"""What fits into the ballast's place."""


class TillLife(Life):
    def __init__(self, till: Till) -> None:
        super().__init__(lambda: till.cut_power(self))
        self._till = till
        self._entries: list[Committed] = []
        self.connection_class = connections_of(self)

    def before(self, sql: str) -> None:
        super().before(sql)
        if self._till.free_writes is not None and sql.startswith(_WRITES):
            self._take_up_room(self._till)

    def after(self, sql: str, parameters: Any) -> None:
        if sql.startswith(_ENTRY):
            self._note_entry(parameters)
        elif sql == "commit":
            for entry in self._entries:
                self._till.oracle.commits(entry)
                self._till.wrote.add(entry.event_id)
            self._entries = []
        elif sql == "rollback":
            self._entries = []
        super().after(sql, parameters)

    def _note_entry(self, parameters: Any) -> None:
        _pos, event_id, type_name, schema, body, *_ = parameters
        till = self._till
        self._entries.append(Committed(event_id, type_name, schema, body, till.till_id, till.name))

    def _take_up_room(self, till: Till) -> None:
        assert till.free_writes is not None
        till.free_writes -= 1
        if till.free_writes >= 0:
            return
        if not (till.data / "till.db.ballast").exists() and till.free_writes > -_SPARE_WRITES:
            return
        till.tally["till: disk full"] += 1
        full = driver.OperationalError("database or disk is full")
        full.sqlite_errorcode = _SQLITE_FULL
        raise full
