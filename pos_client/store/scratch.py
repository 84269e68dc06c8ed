"""What the till keeps across a restart and nobody books."""

from __future__ import annotations

from pos_client.store.connection import Database


class KeptNumber:
    """Implements `till.ports.KeptNumber`."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def get(self) -> int:
        with self._database.read() as connection:
            row = connection.execute("select body from scratch where name = ?", (self._name,)).fetchone()
        return int(row[0]) if row else 0

    def keep(self, number: int) -> None:
        row = (self._name, str(number).encode())
        self._database.write(
            lambda connection: connection.execute("insert or replace into scratch values (?, ?)", row)
        )
