"""What a store's hub knows of the journals that it passes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_relayed"
down_revision = "0007_safe_through"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relayed",
        sa.Column("incarnation", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("till_id", sa.String(40), nullable=False),
        sa.Column("central_high", sa.BigInteger()),
        sa.Column("central_hash", sa.LargeBinary()),
        sa.Column("kept_raw", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incarnation", name=op.f("pk_relayed")),
    )


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
