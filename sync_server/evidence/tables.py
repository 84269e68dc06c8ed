"""The tables of what the server has signed, and with which keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from sync_server.database import metadata

server_key = Table(
    "server_key",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("first_used_ms", BigInteger, nullable=False),
    Column("replaced_ms", BigInteger, nullable=False, server_default="0"),
    Column("replaces", String(16), nullable=False, server_default=""),
    Column("handover", LargeBinary),
)
"""Every key that this database's servers ever signed with; the last one signs.

`handover` is the old key's signature over the new one, null where there was none or it was lost.
"""
