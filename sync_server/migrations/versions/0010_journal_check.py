"""How far the background check of the journals came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_journal_check"
down_revision = "0009_evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.LargeBinary()),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("ended_entries", sa.BigInteger(), nullable=False),
        sa.Column("ended_faults", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_check")),
    )


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
