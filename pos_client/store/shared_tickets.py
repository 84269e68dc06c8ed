"""Parked tickets that other tills may take up: which the server knows of, and which it has given to somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from pos_client.store import parked
from pos_client.store.connection import Database
from pos_client.till.ports import ParkedSale

_NEW, _PERHAPS, _KNOWN = 0, 1, 2
"""What the server knows of a ticket, in the column `shared`."""


class SharedTickets:
    """Written by the thread that talks to the server."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def to_offer(self) -> tuple[ParkedSale, ...]:
        with self.database.read() as connection:
            return parked.parked_sales(connection, f"shared != {_KNOWN}")

    def offering(self, sale_id: str) -> None:
        """Before it leaves: from now on another till may have it."""
        self._note(sale_id, _PERHAPS)

    def offered(self, sale_id: str) -> None:
        self._note(sale_id, _KNOWN)

    def mine(self) -> tuple[str, ...]:
        """The sale ids that the server should know."""
        with self.database.read() as connection:
            return tuple(one.sale_id for one in parked.parked_sales(connection, f"shared = {_KNOWN}"))

    def learn(self, moved_on: Sequence[str], unknown: Sequence[str]) -> None:
        """Another till has the first, or they are sold; of the others the server has lost all memory."""
        if not moved_on and not unknown:
            return
        self.database.write(
            lambda connection: (
                connection.executemany("delete from parked where sale_id = ?", [(one,) for one in moved_on]),
                connection.executemany(
                    f"update parked set shared = {_NEW} where sale_id = ?", [(one,) for one in unknown]
                ),
            )
        )

    def _note(self, sale_id: str, shared: int) -> None:
        self.database.write(
            lambda connection: connection.execute(
                "update parked set shared = ? where sale_id = ?", (shared, sale_id)
            )
        )
