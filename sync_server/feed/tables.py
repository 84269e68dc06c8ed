"""The tables of the feed: where each stream stands, what lives in it, and how it came to that."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text, text

from sync_server.database import metadata

feed_head = Table(
    "feed_head",
    metadata,
    Column("stream", String(60), primary_key=True),
    Column("epoch", String(32), nullable=False),
    Column("ver", BigInteger, nullable=False),
    Column("checksum", String(20), nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("compacted", BigInteger, nullable=False, server_default=text("0")),
)
"""The row is locked from a writer's last statements to its commit: versions are dense.

`checksum` is 0 to 2^64 - 1 in decimal. Changes up to `floor` may be gone: an older cursor starts over.
Up to `compacted` only the newest change of each thing is sure to be there, and the change of that version itself:
no copy can stand between, so a page that starts below goes there in one step. floor <= compacted <= ver.
"""

feed_row = Table(
    "feed_row",
    metadata,
    Column("stream", String(60), primary_key=True),
    Column("entity", String(20), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("ver", BigInteger, nullable=False),
    Column("row_hash", BigInteger, nullable=False),
)
"""What is alive in a stream; its body is that of the change `ver`. Hashes are signed 64-bit integers."""

change_feed = Table(
    "change_feed",
    metadata,
    Column("stream", String(60), primary_key=True),
    Column("ver", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", String(20), nullable=False),
    Column("id", String(120), nullable=False),
    Column("op", String(3), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("checksum_after", String(20), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("replaces", BigInteger, nullable=True),
)
"""`replaces` is the version that the change made worthless; None where the thing was not alive, or not known."""

snapshot = Table(
    "snapshot",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("store_id", String(40), nullable=False),
    Column("feed_schema", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("unpacked_size", BigInteger, nullable=False),
    Column("positions", Text, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Index("snapshot_by_store", "store_id", "made_at_ms"),
)
"""Prebuilt catalogue files; the file itself lies in the data folder under its hash."""
