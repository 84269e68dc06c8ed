"""Prices and taxes as rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from sync_server.database import metadata

ALL_STORES = ""
"""The store id of a price or a tax that every store has unless it has its own."""

price = Table(
    "price",
    metadata,
    Column("price_id", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
    Index("price_by_product", "product_id", "store_id", "valid_from_ms"),
)

tax_category = Table(
    "tax_category",
    metadata,
    Column("tax_category_id", Text, primary_key=True),
    Column("store_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("taxes", Text, nullable=False),
)

promotion = Table(
    "promotion",
    metadata,
    Column("promotion_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("store_ids", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
)
"""`body` is the Promotion as it goes down to the tills (JSON); `store_ids` a JSON list, empty for all stores."""
