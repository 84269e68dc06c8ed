"""Every test has a database of its own; what a worker once compiled for one it need not compile for the next.

Some thirty statements a test, which take longer to compile than to run.
"""

from __future__ import annotations

from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

from sync_server.database import Database

_kept: dict[str, tuple[Dialect, LRUCache[object, object]]] = {}


def with_kept_statements(database: Database) -> Database:
    """A compiled statement is known by its dialect, so the engine gets that of the first such database."""
    if database.dialect not in _kept:
        with database.read():
            """Connecting tells a dialect what it speaks with."""
        _kept[database.dialect] = database.engine.dialect, LRUCache(2_000)
    database.engine.dialect, statements = _kept[database.dialect]
    database.engine.update_execution_options(compiled_cache=statements)
    return database
