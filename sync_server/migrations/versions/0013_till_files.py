"""Files that tills hand in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_till_files"
down_revision = "0012_closings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "till_file",
        sa.Column("file_id", sa.String(40), nullable=False),
        sa.Column("device_id", sa.String(80), nullable=False),
        sa.Column("till_id", sa.String(40), nullable=False),
        sa.Column("store_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("put_aside_ms", sa.BigInteger(), nullable=False),
        sa.Column("offered_ms", sa.BigInteger(), nullable=False),
        sa.Column("whole_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_till_file")),
    )
    op.create_index("till_file_of_till", "till_file", ["till_id", "offered_ms"])


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
