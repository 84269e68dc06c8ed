"""The tables of what the server has signed, and with which keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

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

closing = Table(
    "closing",
    metadata,
    Column("closing_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("chain", String(80), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("scope", String(8), nullable=False),
    Column("store_id", String(40), nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("span", String(8), nullable=False),
    Column("period", String(10), nullable=False),
    Column("amends", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    UniqueConstraint("chain", "number"),
    Index("closing_of_period", "chain", "period", "number"),
    Index("closing_of_store", "store_id", "span", "scope", "closing_id"),
)
"""Every closing as it was signed; `till_id` is empty for a store's. Nothing in here is ever changed."""

daily_root = Table(
    "daily_root",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False, unique=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("journals", LargeBinary, nullable=False),
    Column("closings", LargeBinary, nullable=False),
)
"""Every daily root as it was signed, with the heads that it is made of (JSON)."""

closings_look = Table(
    "closings_look",
    metadata,
    Column("till_id", String(40), primary_key=True),
    Column("look", LargeBinary, nullable=False),
)
"""How far a till's journals were looked through for facts of days that are closed (JSON)."""
