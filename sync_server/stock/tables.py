"""The stock ledger as rows: moves are only ever added, a level is their sum."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sync_server.database import metadata

stock_move = Table(
    "stock_move",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("product_id", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("sale_id", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("moved_by", Text, nullable=False),
    Index("stock_move_by_product", "product_id", "location_id", "at_ms"),
)

stock_level = Table(
    "stock_level",
    metadata,
    Column("location_id", Text, primary_key=True),
    Column("product_id", Text, primary_key=True),
    Column("on_hand_milli", BigInteger, nullable=False),
    Column("counted", Boolean, nullable=False),
)
"""`counted`: someone once stated what is there, in a receipt or correction; only then can it be oversold."""
