"""Who logged in, and who tried to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_in",
        sa.Column("log_in_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("log_in_id", name=op.f("pk_log_in")),
    )
    op.create_index(op.f("ix_log_in_at_ms"), "log_in", ["at_ms"])


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
