"""The mark by which a hub sees that the central server went back to an older copy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_central_mark"
down_revision = "0013_till_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("mark", "mark_before"):
        op.add_column("hub", sa.Column(name, sa.String(40), nullable=False, server_default=""))
    op.create_table(
        "central_mark",
        sa.Column("mark", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_central_mark")),
    )


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking columns away.")
