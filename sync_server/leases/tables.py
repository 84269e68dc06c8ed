"""Leases, and the accounts behind them, as rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from sync_server.database import metadata

lease = Table(
    "lease",
    metadata,
    Column("lease_id", String(32), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("account", String(10), nullable=False),
    Column("subject", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("store_id", String(40), nullable=False),
    Column("till_id", String(40), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("code", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("changed_at_ms", BigInteger, nullable=False),
    Index("lease_running_out", "state", "expires_ms"),
)
"""Every lease that was ever asked for, so that asking again gets the first answer. See `shared_models.holds`.

A refund's and a parked sale's amount is 1: all of it or nothing. `expires_ms` null: it does not run out.
"""

value_account = Table(
    "value_account",
    metadata,
    Column("account", String(10), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("balance", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
)
"""A gift card's money or a member's points. `balance` is the sum of its entries, `held` of what leases keep of it."""

value_entry = Table(
    "value_entry",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("account", String(10), nullable=False),
    Column("subject", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", String(12), nullable=False),
    Column("lease_id", Text, nullable=False),
    Column("sale_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("value_entry_of_account", "account", "subject", "currency", "at_ms"),
)
"""What made the balance: positive is put in. `reason` is issued, redeemed or correction."""

refund = Table(
    "refund",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("refund_id", Text, nullable=False),
    Column("sale_id", Text, nullable=False, index=True),
    Column("receipt_number", Text, nullable=False),
    Column("lease_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("shift_id", Text, nullable=False, index=True),
    Column("operator_id", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("business_date", Text, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("tz_min", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("cash_minor", BigInteger, nullable=False),
    Column("cash_rounding_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("late_after_close", Boolean, nullable=False),
)
"""`sale_id` and `receipt_number` are those of the sale that was taken back."""

refund_line = Table(
    "refund_line",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("sale_id", Text, nullable=False, index=True),
    Column("line_no", BigInteger, nullable=False),
    Column("product_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("restock", Boolean, nullable=False),
)

refund_claim = Table(
    "refund_claim",
    metadata,
    Column("sale_id", Text, primary_key=True),
    Column("line_no", BigInteger, primary_key=True, autoincrement=False),
    Column("refunded_milli", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("claimed_milli", BigInteger, nullable=False),
)
"""Of each sale line that anybody wanted to take back: what went back, and what leases keep for somebody."""

claimed_line = Table(
    "claimed_line",
    metadata,
    Column("lease_id", String(32), primary_key=True),
    Column("line_no", BigInteger, primary_key=True, autoincrement=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("before_milli", BigInteger, nullable=False),
)
"""What a refund's lease is for, and what had gone back of each line before it."""

parked_sale = Table(
    "parked_sale",
    metadata,
    Column("sale_id", Text, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("label", Text, nullable=False),
    Column("operator_name", Text, nullable=False),
    Column("parked_at_ms", BigInteger, nullable=False),
    Column("tz_min", Integer, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("cart", LargeBinary, nullable=False),
    Column("lease_id", Text, nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Index("parked_sale_of_store", "store_id", "state", "parked_at_ms"),
)
"""Tickets put aside. `state` is parked (anyone may claim it), taken (`till_id` has it) or gone (sold or given up)."""

parked_completion = Table(
    "parked_completion",
    metadata,
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("sale_id", Text, nullable=False, index=True),
    Column("till_id", Text, nullable=False),
    Column("receipt_number", Text, nullable=False),
)
"""Sales that were parked tickets before; of one ticket there should be one."""
