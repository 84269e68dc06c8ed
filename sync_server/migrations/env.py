"""How Alembic meets our schema: over the connection that it is given, inside that transaction."""

from __future__ import annotations

from alembic import context

from sync_server.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
