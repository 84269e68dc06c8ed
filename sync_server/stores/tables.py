"""The tables of stores and tills."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table

from sync_server.database import metadata

store = Table(
    "store",
    metadata,
    Column("store_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("config", LargeBinary, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
)
"""`config` is the StoreConfig as it goes down to the tills (JSON)."""

till = Table(
    "till",
    metadata,
    Column("till_id", String(40), primary_key=True),
    Column("store_id", String(40), ForeignKey("store.store_id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
)
