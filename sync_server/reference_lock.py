"""Whoever changes reference data does so alone: what a till is sent is made of rows that others change too."""

from __future__ import annotations

from sqlalchemy import Connection

_LOCK = 0x65767435
_WAIT_MS = 10_000
"""Then a request fails and may be repeated; a connection that waits is one that no till gets."""


def hold_reference(tx: Connection) -> None:
    """Ours until the transaction ends; asked for before anything is read. On SQLite a writer is alone anyhow.

    Else of two writers each publishes what it saw: a store opened while prices are imported would miss them, and its
    tills charge the old ones.
    """
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(
            f"set local lock_timeout = {_WAIT_MS}; select pg_advisory_xact_lock({_LOCK}); set local lock_timeout = 0"
        )
