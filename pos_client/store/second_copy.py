"""A second copy of the journal on another volume: soon after each commit, and never in a sale's way.

It holds incarnations and entries as they are, nothing else; what becomes of a till without its disk is made from it.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from pos_client.store.connection import Database, Driver
from pos_client.store.positions import position
from pos_client.store.segments import Segment, segments
from pos_client.till.errors import StorageFailed
from shared_models.errors import ShopError

log = logging.getLogger(__name__)

_LAYOUT = (
    """create table if not exists segment (
        id integer primary key, incarnation blob not null unique, series text not null,
        parent blob, parent_seq integer not null, parent_hash blob not null,
        acked integer not null, safe integer not null, public_key blob not null
    ) strict""",
    """create table if not exists entry (
        pos integer primary key, event_id blob not null unique, type text not null, schema integer not null,
        body blob not null, prev blob not null, hash blob not null, signature blob not null,
        algorithm text not null,
        segment integer generated always as (pos >> 40) virtual,
        seq integer generated always as (pos & 1099511627775) virtual
    ) strict""",
)
_COLUMNS = "event_id, type, schema, body, prev, hash, signature, algorithm"
_PER_STEP = 1000
_AGAIN_S = 30.0


def copy_place(folder: str, till_id: str) -> Path | None:
    """Named after the till, so that a card that went to another one is no danger there; None without a folder."""
    return Path(folder).expanduser() / f"evertill-journal-{till_id}.db" if folder else None


class SecondCopy:
    """`note` after each commit; a thread does the rest, and tries again where the volume is away."""

    def __init__(self, journal: Database, path: Path, key: str | None, pause_s: float = 0.5) -> None:
        self._journal = journal
        self._path = path
        self._key = key
        self._pause_s = pause_s
        self._copy: Database | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="second-copy", daemon=True)
        self.trouble = ""
        """Why the copy lags behind, in words; empty while it does not."""

    def start(self) -> None:
        self._changed.set()
        self._thread.start()

    def note(self) -> None:
        if not self._changed.is_set():
            self._changed.set()

    def stop(self) -> None:
        """Brings the copy up to date, if the volume is there."""
        self._stopping.set()
        self._changed.set()
        self._thread.join()
        self._try()
        self._let_go()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait(_AGAIN_S if self.trouble else None)
            self._changed.clear()
            self._try()
            self._stopping.wait(self._pause_s)

    def _try(self) -> None:
        try:
            self._bring_up_to_date()
        except (ShopError, OSError) as reason:
            self._let_go()
            if not self.trouble:
                log.warning("the second copy of the journal lags behind: %s", reason)
            self.trouble = (
                f"The second copy of the journal in {self._path.parent} can't be written. Check that card or disk; "
                "selling goes on without it."
            )
        else:
            self.trouble = ""

    def _bring_up_to_date(self) -> None:
        copy = self._copy or self._opened()
        with self._journal.read() as connection:
            known = segments(connection)
        for segment in known:
            while self._copy_some(copy, segment):
                pass

    def _opened(self) -> Database:
        if not self._path.parent.is_dir():
            raise StorageFailed(f"There is no folder {self._path.parent}.")
        self._copy = Database(self._path, self._key)
        self._copy.write(lambda connection: [connection.execute(statement) for statement in _LAYOUT])
        return self._copy

    def _copy_some(self, copy: Database, segment: Segment) -> bool:
        """Whether there may be more. An entry that was stamped again leaves its old place."""
        with copy.read() as connection:
            id, head = _place(connection, segment)
        if head >= segment.head_seq and id:
            return False
        with self._journal.read() as connection:
            rows = connection.execute(
                f"select seq, {_COLUMNS} from entry where pos > ? and pos < ? order by pos limit ?",
                (position(segment.id, head), position(segment.id + 1, 0), _PER_STEP),
            ).fetchall()
        copy.write(lambda connection: _add(connection, segment, rows))
        return len(rows) == _PER_STEP

    def _let_go(self) -> None:
        copy, self._copy = self._copy, None
        if copy is not None:
            try:
                copy.close()
            except ShopError as reason:
                log.info("the second copy was left open: %s", reason)


def _place(connection: Driver, segment: Segment) -> tuple[int, int]:
    """The incarnation's id in the copy, 0 where it is new there, and its last entry's seq."""
    row = connection.execute(
        "select id from segment where incarnation = ?", (segment.incarnation,)
    ).fetchone()
    if row is None:
        return 0, 0
    found = connection.execute(
        "select seq from entry where pos > ? and pos < ? order by pos desc limit 1",
        (position(row[0], 0), position(row[0] + 1, 0)),
    ).fetchone()
    return row[0], found[0] if found else 0


def _add(connection: Driver, segment: Segment, rows: list[tuple[object, ...]]) -> None:
    origin = (segment.parent, segment.parent_seq, segment.parent_hash)
    connection.execute(
        "insert into segment(incarnation, series, parent, parent_seq, parent_hash, acked, safe, public_key)"
        " values (?, ?, ?, ?, ?, 0, 0, ?) on conflict (incarnation) do nothing",
        (segment.incarnation, segment.series, *origin, segment.public_key),
    )
    id, _ = _place(connection, segment)
    connection.executemany(
        f"insert or replace into entry(pos, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(position(id, int(str(seq))), *fields) for seq, *fields in rows],
    )
