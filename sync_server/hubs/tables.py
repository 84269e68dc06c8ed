"""The tables of hubs and of the codes that enrol them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from sync_server.database import metadata

ACTIVE = "active"
REVOKED = "revoked"

hub_code = Table(
    "hub_code",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("store_id", String(40), ForeignKey("store.store_id"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("used_by", String(64)),
)
"""Only the hash of a code is kept."""

hub = Table(
    "hub",
    metadata,
    Column("hub_id", String(64), primary_key=True),
    Column("store_id", String(40), ForeignKey("store.store_id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("enrolled_at_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("app", String(80), nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("oldest_waiting_ms", BigInteger),
)
"""`waiting` entries were only at the hub when it was last heard of, the oldest of them since `oldest_waiting_ms`."""

relayed = Table(
    "relayed",
    metadata,
    Column("incarnation", LargeBinary, primary_key=True),
    Column("device_id", String(64), nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("central_high", BigInteger),
    Column("central_hash", LargeBinary),
    Column("kept_raw", BigInteger, nullable=False),
)
"""On a hub's own database: the journals that its tills brought.

The central server holds each up to `central_high`, with that hash; null while it has not been asked. Entries up to
`kept_raw` were brought to it raw: it took them no other way.
"""
