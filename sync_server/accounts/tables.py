"""The tables of office accounts and of the log-ins to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

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

log_in = Table(
    "log_in",
    metadata,
    Column("log_in_id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("account_id", String(32)),
    Column("address", String(64), nullable=False),
    Column("succeeded", Boolean, nullable=False),
)
"""`account_id` is null for a name that nobody has; the name itself is not kept, it may be a password."""
