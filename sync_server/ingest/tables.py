"""The tables of the journal as the server holds it. Nothing in the log is ever changed or deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from sync_server.database import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

incarnation = Table(
    "incarnation",
    metadata,
    Column("incarnation", LargeBinary, primary_key=True),
    Column("till_id", String(40), nullable=False, index=True),
    Column("store_id", String(40), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("parent", LargeBinary),
    Column("parent_seq", BigInteger, nullable=False),
    Column("parent_hash", LargeBinary, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("last_received_ms", BigInteger, nullable=False),
    Column("safe_through", BigInteger, nullable=False, server_default="0"),
)
"""One life of a till's database: every entry up to `high` is stored; the last one's hash is `head_hash`.

Entries up to `safe_through` are in a backup that was read to its end.
"""

ingest_log = Table(
    "ingest_log",
    metadata,
    Column("ingest_id", _ID, primary_key=True),
    Column("event_id", LargeBinary, nullable=False, unique=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("type", String(80), nullable=False),
    Column("schema", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("store_id", String(40), nullable=False),
    Column("incarnation", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    postgresql_with={"toast_tuple_target": 8160},
)
"""Each fact once, its body byte for byte; `incarnation` and `seq` are where it was stamped first.

A body of a few kilobytes stays in its row: PostgreSQL would spend more time on packing it than on storing it.
"""

ingest_pos = Table(
    "ingest_pos",
    metadata,
    Column("incarnation", LargeBinary, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", LargeBinary, nullable=False),
    Column("ingest_id", BigInteger),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("chain_ok", Boolean, nullable=False),
)
"""Every stamped position, also those of a fact that was stamped again. `event_id` is the till's own.

`ingest_id` is null where the entry is only kept raw, in quarantine.
"""

ingest_queue = Table(
    "ingest_queue",
    metadata,
    Column("ingest_id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempts", Integer, nullable=False),
)
"""What is stored and acknowledged, but not yet applied."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", String(64), primary_key=True),
    Column("ingest_id", BigInteger, index=True),
    Column("raw", LargeBinary),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("store_id", String(40), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("resolved_at_ms", BigInteger),
    Column("resolved_by", String(80), nullable=False),
    Column("set_aside_for", Text),
    Index("quarantine_open", "resolved_at_ms", "at_ms"),
)
"""What could not be applied: a stored entry (`ingest_id`), or a frame that is no entry (`raw`).

`set_aside_for` is why a person said that nobody needs it any more; its bytes stay.
"""

journal_check = Table(
    "journal_check",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", LargeBinary),
    Column("seq", BigInteger, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("faults", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("ended_entries", BigInteger, nullable=False),
    Column("ended_faults", BigInteger, nullable=False),
)
"""How far the background check came, in one row at most: `at` is the incarnation, null between two rounds.

`seq` is the last entry that was read there; behind all incarnations it is the last fact.
"""
