"""The exceptions inbox as rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from sync_server.database import metadata

exception_case = Table(
    "exception_case",
    metadata,
    Column("case_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("case_key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("refs", Text, nullable=False),
    Column("raised_at_ms", BigInteger, nullable=False),
    Column("assigned_to", Text, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Index("exception_case_by_state", "state", "case_id"),
)
"""`case_key` names what it is about, so that raising it again changes nothing."""

exception_note = Table(
    "exception_note",
    metadata,
    Column("note_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
)
