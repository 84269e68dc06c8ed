"""Leases, and what is behind them: cards, points, refunds, parked sales."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_leases"
down_revision = "0005_hubs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _leases()
    _value()
    _refunds()
    _parked_sales()


def _leases() -> None:
    op.create_table(
        "lease",
        sa.Column("lease_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account", sa.String(10), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("store_id", sa.String(40), nullable=False),
        sa.Column("till_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lease_id", name=op.f("pk_lease")),
    )
    op.create_index("lease_running_out", "lease", ["state", "expires_ms"])


def _value() -> None:
    op.create_table(
        "value_account",
        sa.Column("account", sa.String(10), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "subject", "currency", name=op.f("pk_value_account")),
    )
    op.create_table(
        "value_entry",
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(10), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("lease_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_value_entry")),
    )
    op.create_index("value_entry_of_account", "value_entry", ["account", "subject", "currency", "at_ms"])


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("lease_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("cash_minor", sa.BigInteger(), nullable=False),
        sa.Column("cash_rounding_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("late_after_close", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_refund")),
    )
    op.create_index(op.f("ix_refund_business_date"), "refund", ["business_date"])
    op.create_index(op.f("ix_refund_sale_id"), "refund", ["sale_id"])
    op.create_index(op.f("ix_refund_shift_id"), "refund", ["shift_id"])
    op.create_table(
        "refund_line",
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("restock", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "line", name=op.f("pk_refund_line")),
    )
    op.create_index(op.f("ix_refund_line_sale_id"), "refund_line", ["sale_id"])
    op.create_table(
        "refund_claim",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("line_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refunded_milli", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("claimed_milli", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sale_id", "line_no", name=op.f("pk_refund_claim")),
    )
    op.create_table(
        "claimed_line",
        sa.Column("lease_id", sa.String(32), nullable=False),
        sa.Column("line_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("before_milli", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lease_id", "line_no", name=op.f("pk_claimed_line")),
    )


def _parked_sales() -> None:
    op.create_table(
        "parked_sale",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("parked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tz_min", sa.Integer(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("cart", sa.LargeBinary(), nullable=False),
        sa.Column("lease_id", sa.Text(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sale_id", name=op.f("pk_parked_sale")),
    )
    op.create_index("parked_sale_of_store", "parked_sale", ["store_id", "state", "parked_at_ms"])
    op.create_table(
        "parked_completion",
        sa.Column("event_id", sa.LargeBinary(16), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_parked_completion")),
    )
    op.create_index(op.f("ix_parked_completion_sale_id"), "parked_completion", ["sale_id"])


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
