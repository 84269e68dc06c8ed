"""What is known of each file that was handed in; the bytes themselves lie in a folder."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from sync_server.database import metadata

till_file = Table(
    "till_file",
    metadata,
    Column("file_id", String(40), primary_key=True),
    Column("device_id", String(80), nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("store_id", String(40), nullable=False),
    Column("name", String(120), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("put_aside_ms", BigInteger, nullable=False),
    Column("offered_ms", BigInteger, nullable=False),
    Column("whole_ms", BigInteger, nullable=True),
    Index("till_file_of_till", "till_id", "offered_ms"),
)
"""`whole_ms` is when the last byte was there and the hash was right; null until then."""
