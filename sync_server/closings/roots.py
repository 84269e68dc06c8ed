"""The daily root: two hashes over every journal and every chain of closings, for somebody else to keep."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shared_models.closing import DailyRoot, Head, tree_root
from sync_server.closings.calendar import day_before, today
from sync_server.database import Database
from sync_server.evidence.statements import KeptRoot, Statements
from sync_server.ingest.applier import hold_still
from sync_server.ingest.tables import incarnation
from sync_server.ports import NowMs


class DailyRoots:
    def __init__(self, db: Database, statements: Statements, now_ms: NowMs) -> None:
        self._db = db
        self._statements = statements
        self._now_ms = now_ms

    def make(self) -> KeptRoot | None:
        """The root of yesterday (UTC), of what is held now; None where there is one, or nothing to state."""
        day = day_before(today(self._now_ms(), 0))
        with self._db.read() as tx:
            if self._statements.root(tx, day) is not None:
                return None
        with self._db.write() as tx:
            hold_still(tx)
            if self._statements.root(tx, day) is not None:
                return None
            return self._made(tx, day)

    def _made(self, tx: Connection, day: str) -> KeptRoot | None:
        journals, closings = _journals(tx), self._statements.heads(tx)
        if not journals:
            return None
        draft = DailyRoot(
            day=day,
            journals=len(journals),
            journals_root=tree_root(journals).hex(),
            closings=len(closings),
            closings_root=tree_root(closings).hex(),
        )
        return self._statements.add_root(tx, draft, journals, closings)


def _journals(tx: Connection) -> list[Head]:
    query = select(incarnation.c.incarnation, incarnation.c.high, incarnation.c.head_hash)
    rows = tx.execute(query.where(incarnation.c.high > 0))
    return sorted((Head(id.hex(), high, head.hex()) for id, high, head in rows), key=lambda one: one.name)
