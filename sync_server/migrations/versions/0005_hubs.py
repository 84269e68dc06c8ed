"""Hubs, and the codes that enrol them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_hubs"
down_revision = "0004_feed_compaction"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("store_id", sa.String(40), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("used_by", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["store.store_id"], name=op.f("fk_hub_code_store_id_store")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_hub_code")),
    )
    op.create_table(
        "hub",
        sa.Column("hub_id", sa.String(64), nullable=False),
        sa.Column("store_id", sa.String(40), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("enrolled_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("app", sa.String(80), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("oldest_waiting_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["store.store_id"], name=op.f("fk_hub_store_id_store")),
        sa.PrimaryKeyConstraint("hub_id", name=op.f("pk_hub")),
    )
    op.create_index(op.f("ix_hub_store_id"), "hub", ["store_id"])


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
