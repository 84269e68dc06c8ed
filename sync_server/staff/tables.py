"""Staff as rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Table, Text

from sync_server.database import metadata

staff_member = Table(
    "staff_member",
    metadata,
    Column("staff_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("pin_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
)

staff_store = Table(
    "staff_store",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True),
)
