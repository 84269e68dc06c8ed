"""A server's SQLite file with an up-to-date schema and nothing in it: made once a process, and copied."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sync_server.database import Database
from sync_server.migrations import migrate
from sync_server.schema import metadata
from tests.kept_statements import with_kept_statements


def empty_shop(file: Path) -> Database:
    """A database in `file`, which is left as it is where it is there already."""
    return _opened(file, "tables")


def migrated_shop(file: Path) -> Database:
    """The same by way of the migrations, so that a server which starts on it finds its version."""
    return _opened(file, "migrations")


def _opened(file: Path, how: str) -> Database:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_made(how), file)
    return with_kept_statements(Database(f"sqlite:///{file}"))


@cache
def _made(how: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="evertill-empty-shop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'evertill.db'}")
    if how == "tables":
        metadata.create_all(database.engine)
    else:
        migrate(database)
    database.close()
    return folder / "evertill.db"
