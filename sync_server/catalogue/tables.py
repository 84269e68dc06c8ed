"""The catalogue's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from sync_server.database import metadata

category = Table(
    "category",
    metadata,
    Column("category_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent_id", Text),
    Column("position", Integer, nullable=False),
    Column("colour", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

product = Table(
    "product",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("sku", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("search_text", Text, nullable=False),
    Column("category_id", Text, index=True),
    Column("active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("product_by_name", "name", "product_id"),
)
"""`body` is the product as it goes down to the tills (JSON); the other columns are what is searched by.

SKUs are compared by their bytes: two that differ only in letter case are two products.
"""

barcode = Table(
    "barcode",
    metadata,
    Column("code", Text, primary_key=True),
    Column("product_id", Text, nullable=False, index=True),
)
