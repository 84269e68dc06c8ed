"""What a change of the feed replaces, and how far a stream is compacted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_feed_compaction"
down_revision = "0003"
branch_labels = None
depends_on = None

_REPLACED = """
update change_feed set replaces = (case when earlier.op = 'put' then earlier.ver end)
from (
    select stream, ver as later,
        lag(ver) over thing as ver, lag(op) over thing as op
    from change_feed
    window thing as (partition by stream, entity, id order by ver)
) as earlier
where change_feed.stream = earlier.stream and change_feed.ver = earlier.later and earlier.ver is not null
"""


def upgrade() -> None:
    op.add_column(
        "feed_head", sa.Column("compacted", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("change_feed", sa.Column("replaces", sa.BigInteger(), nullable=True))
    op.execute(_REPLACED)


def downgrade() -> None:
    raise NotImplementedError("The server goes back by its backup, never by taking tables away.")
