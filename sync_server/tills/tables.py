"""The tables of enrolment codes, devices and used challenges."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from sync_server.database import metadata

ACTIVE = "active"
REVOKED = "revoked"

enrol_code = Table(
    "enrol_code",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("till_id", String(40), ForeignKey("till.till_id"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("used_by", String(64)),
)
"""Only the hash of a code is kept."""

device = Table(
    "device",
    metadata,
    Column("device_id", String(64), primary_key=True),
    Column("till_id", String(40), ForeignKey("till.till_id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("enrolled_at_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("app", String(80), nullable=False),
    Column("protocol", Integer, nullable=False),
    Column("unsent", Integer, nullable=False),
    Column("free_mb", Integer, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
)
"""`clock_offset_ms` is the server's clock less the till's, at the last hello."""

used_nonce = Table(
    "used_nonce",
    metadata,
    Column("nonce_hash", LargeBinary, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)
"""Challenges that were answered well, until they would have run out anyway."""
