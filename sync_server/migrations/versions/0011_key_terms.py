"""Which key of the server came in place of which, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_key_terms"
down_revision = "0010_journal_check"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("server_key", sa.Column("replaced_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("server_key", sa.Column("replaces", sa.String(16), nullable=False, server_default=""))
    op.add_column("server_key", sa.Column("handover", sa.LargeBinary()))


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking columns away.")
