"""Closings of days, months and years, and the daily roots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_closings"
down_revision = "0011_key_terms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closing",
        sa.Column(
            "closing_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("chain", sa.String(80), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("store_id", sa.String(40), nullable=False),
        sa.Column("till_id", sa.String(40), nullable=False),
        sa.Column("span", sa.String(8), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("amends", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("closing_id", name=op.f("pk_closing")),
        sa.UniqueConstraint("chain", "number", name=op.f("uq_closing_chain_number")),
    )
    op.create_index("closing_of_period", "closing", ["chain", "period", "number"])
    op.create_index("closing_of_store", "closing", ["store_id", "span", "scope", "closing_id"])
    op.create_table(
        "daily_root",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("journals", sa.LargeBinary(), nullable=False),
        sa.Column("closings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_daily_root")),
        sa.UniqueConstraint("day", name=op.f("uq_daily_root_day")),
    )
    op.create_table(
        "closings_look",
        sa.Column("till_id", sa.String(40), nullable=False),
        sa.Column("look", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("till_id", name=op.f("pk_closings_look")),
    )


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
