"""How far each journal is in a backup that was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_safe_through"
down_revision = "0006_leases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("safe_through", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("incarnation", column)


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking columns away.")
