"""Why a person set aside a frame that came raw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_set_aside"
down_revision = "0013_till_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("set_aside_for", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking columns away.")
