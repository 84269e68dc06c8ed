"""The table of office accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from sync_server.database import metadata

account = Table(
    "account",
    metadata,
    Column("account_id", String(32), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("store_id", String(40)),
    Column("active", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)
