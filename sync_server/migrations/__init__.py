"""The schema's history, applied in order; `migrate` brings a database up to date."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from shared_models.errors import ShopError
from sync_server.database import Database


class NewerDatabase(ShopError):
    """The schema has a revision that this version has never heard of."""

    code = "newer_database"


_LOCK = 0x65767431
"""Two servers that start at once on PostgreSQL: one migrates, the other waits and finds it done."""


def migrate(db: Database) -> bool:
    """Whether anything had to be done. All of it is one transaction, on both databases."""
    if is_current(db):
        return False
    with db.write() as tx:
        if db.on_postgresql:
            tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(configuration(tx), "head")
        except CommandError as reason:
            raise NewerDatabase(
                "This database is a newer server's. Install that version, or put back the backup that was made before "
                "the update; nothing was changed."
            ) from reason
    return True


def is_current(db: Database) -> bool:
    with db.read() as tx:
        return MigrationContext.configure(tx).get_current_revision() == _newest()


@cache
def _newest() -> str | None:
    """Read once: a supervisor asks every few seconds."""
    return ScriptDirectory.from_config(configuration(None)).get_current_head()


def configuration(tx: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "sync_server:migrations")
    config.attributes["connection"] = tx
    return config
