"""After an older copy of the database was put back: what makes tills and server agree again."""

from __future__ import annotations

import logging

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sync_server.database import Database
from sync_server.feed.epochs import new_epochs
from sync_server.findings import Finding, Inbox
from sync_server.ports import NowMs
from sync_server.recovery.anchor import AnchorFile, is_older, look

_log = logging.getLogger(__name__)
_SENTENCE = (
    "This server's database was put back from an older copy. The tills send again what is missing, by themselves. "
    "What head office changed after the copy was made is gone: look at prices, products, staff and stock corrections."
)


class Recovery:
    """`notice` once at the start, `remember` now and then and at the end."""

    def __init__(self, db: Database, inbox: Inbox, anchor: AnchorFile | None, now_ms: NowMs) -> None:
        self._db = db
        self._inbox = inbox
        self._anchor = anchor
        self._now_ms = now_ms

    def notice(self) -> bool:
        """Whether the database is older than what this machine saw; if so, it is made to fit to the tills again."""
        before = self._anchor.read() if self._anchor else None
        if before is None:
            return False
        try:
            with self._db.write() as tx:
                if not is_older(look(tx), before):
                    return False
                self._start_anew(tx)
        except DBAPIError as reason:
            _log.warning("whether the database was put back can't be seen: %s", reason.orig)
            return False
        _log.warning("The database is older than when this server last saw it: it was put back from a copy.")
        return True

    def declare(self) -> None:
        """Somebody says that it was put back."""
        with self._db.write() as tx:
            self._start_anew(tx)
        self.remember()

    def remember(self) -> None:
        if self._anchor is None:
            return
        try:
            with self._db.read() as tx:
                seen = look(tx)
        except DBAPIError as reason:
            _log.info("where the database stands can't be noted now: %s", reason.orig)
            return
        self._anchor.write(seen)

    def _start_anew(self, tx: Connection) -> None:
        new_epochs(tx)
        finding = Finding(key=f"server_restored:{self._now_ms()}", kind="server_restored", sentence=_SENTENCE)
        self._inbox.raise_many(tx, [finding])
