"""Shifts and cash as rows, each with the id of the journal entry that it comes from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from sync_server.database import metadata


def _from_entry() -> tuple[Column[bytes], Column[int], Column[int], Column[int]]:
    return (
        Column("event_id", LargeBinary(16), primary_key=True),
        Column("ingest_id", BigInteger, nullable=False),
        Column("at_ms", BigInteger, nullable=False),
        Column("tz_min", Integer, nullable=False),
    )


shift_opening = Table(
    "shift_opening",
    metadata,
    *_from_entry(),
    Column("shift_id", Text, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("business_date", Text, nullable=False, index=True),
    Column("float_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
)

shift_closing = Table(
    "shift_closing",
    metadata,
    *_from_entry(),
    Column("incarnation", LargeBinary(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("shift_id", Text, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("business_date", Text, nullable=False, index=True),
    Column("currency", Text, nullable=False),
    Column("counted_minor", BigInteger, nullable=False),
    Column("over_short_minor", BigInteger, nullable=False),
    Column("stated", Text, nullable=False),
)
"""`stated` is the whole Z report as the till stated it (JSON of ShiftClosed); nothing ever changes it."""

cash_movement = Table(
    "cash_movement",
    metadata,
    *_from_entry(),
    Column("movement_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shift_id", Text, nullable=False, index=True),
    Column("till_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)

drawer_opening = Table(
    "drawer_opening",
    metadata,
    *_from_entry(),
    Column("shift_id", Text, nullable=False, index=True),
    Column("till_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

drawer_count = Table(
    "drawer_count",
    metadata,
    *_from_entry(),
    Column("shift_id", Text, nullable=False, index=True),
    Column("till_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("counted_minor", BigInteger, nullable=False),
    Column("pieces", Text, nullable=False),
)
