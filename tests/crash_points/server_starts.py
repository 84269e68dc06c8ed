"""What the server does to its database before it serves: the very first start, and the update from an older version."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from alembic import command as alembic
from sqlalchemy import text

from sync_server.database import Database
from sync_server.migrations import configuration
from tests.crash_points.server_shop import Place, command
from tests.sync_server.conftest import PASSWORD

_NOW_MS = 1_800_000_000_000


class Start(NamedTuple):
    """`run` again after a kill ends where it would have; `sites` are the functions that open its transactions."""

    sites: tuple[str, ...]
    prepare: Callable[[Place], None]
    run: Callable[[Place], tuple[int, str]]


def _nothing(place: Place) -> None:
    place.folder.mkdir(parents=True)


def _first_version(place: Place) -> None:
    """The first schema of all, with a store in it."""
    _nothing(place)
    db = Database(place.settings.url())
    with db.write() as tx:
        alembic.upgrade(configuration(tx), "0001")
        tx.execute(text("insert into account values ('a1', 'Ada', 'hash', 'admin', null, true, 1)"))
    db.close()


def _init(place: Place) -> tuple[int, str]:
    words = ("init", "--admin", "Ada", "--password", PASSWORD, "--store", "03", "--currency", "EUR")
    return command(place, _NOW_MS, *words)


def _migrate(place: Place) -> tuple[int, str]:
    return command(place, _NOW_MS, "migrate")


_MIGRATE = "sync_server.migrations.migrate"
STARTS = {
    "the very first": Start(
        (_MIGRATE, "sync_server.cli.initialise", "sync_server.cli._open_store"), _nothing, _init
    ),
    "of an older version": Start((_MIGRATE,), _first_version, _migrate),
}
