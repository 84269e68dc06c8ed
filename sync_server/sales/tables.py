"""Sales as rows, each with the id of the journal entry that it comes from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sync_server.database import metadata

sale = Table(
    "sale",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("sale_id", Text, nullable=False),
    Column("ingest_id", BigInteger, nullable=False),
    Column("receipt_number", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("shift_id", Text, nullable=False),
    Column("operator_id", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("business_date", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("tz_min", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False),
    Column("cash_rounding_minor", BigInteger, nullable=False),
    Column("change_minor", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("training", Boolean, nullable=False),
    Column("late_after_close", Boolean, nullable=False),
    Index("sale_by_day", "business_date", "store_id", "till_id"),
    Index("sale_by_shift", "shift_id"),
    Index("sale_by_id", "sale_id"),
    Index("sale_by_receipt", "receipt_number"),
)

sale_line = Table(
    "sale_line",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("product_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False),
    Column("tax_category_id", Text, nullable=False),
    Column("category_id", Text),
)

sale_tender = Table(
    "sale_tender",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("received_minor", BigInteger, nullable=False),
    Column("kept_minor", BigInteger, nullable=False),
)
"""`kept_minor` is what was received less the change that was given on it."""

sale_tax = Table(
    "sale_tax",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("tax_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rate_ppm", BigInteger, nullable=False),
    Column("included", Boolean, nullable=False),
    Column("base_minor", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)

sale_void = Table(
    "sale_void",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("sale_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("shift_id", Text, nullable=False, index=True),
    Column("operator_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("whole_sale", Boolean, nullable=False),
)
"""What was taken off a ticket before it was paid: one line, or the whole sale."""
