"""Publishing: reference data becomes versions of a stream as the last statements of a transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from shared_models import reference
from shared_models.catalogue_file import signed, unsigned
from sync_server.bulk_rows import insert_rows
from sync_server.database import Database
from sync_server.feed.tables import change_feed, feed_head, feed_row
from sync_server.ports import NewId, NowMs

Key = tuple[str, str]
"""(entity, id)"""
Pending = dict[str, dict[Key, bytes | None]]
"""By stream; None stands for a tombstone. A transaction's last word on a thing counts."""
T = TypeVar("T")
_CHUNK = 400


class _Alive(NamedTuple):
    ver: int
    row_hash: int


class FeedPublisher:
    """A `ports.Publisher`. Collects during a transaction, writes just before its commit, tells of it after.

    The head of each stream is locked last and held to the commit, in the order of the streams' names: so a
    version is visible only when all before it are, on PostgreSQL too, and two writers never wait in a ring.
    """

    def __init__(self, now_ms: NowMs, new_id: NewId, tell: Callable[[frozenset[str]], None]) -> None:
        self._now_ms = now_ms
        self._new_id = new_id
        self._tell = tell
        self._pending: WeakKeyDictionary[Connection, Pending] = WeakKeyDictionary()
        self._written: WeakKeyDictionary[Connection, frozenset[str]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def join(self, db: Database) -> None:
        db.before_commit.append(self._flush)
        db.after_commit.append(self._announce)

    def publish(self, tx: Connection, stream: str, thing: Any) -> None:
        entity, id, body = reference.encode(thing)
        self._collect(tx, stream)[entity, id] = body

    def withdraw(self, tx: Connection, stream: str, entity: str, id: str) -> None:
        assert entity in reference.ENTITIES, f"{entity} is nothing that tills hold"
        self._collect(tx, stream)[entity, id] = None

    def _collect(self, tx: Connection, stream: str) -> dict[Key, bytes | None]:
        with self._lock:
            return self._pending.setdefault(tx, {}).setdefault(stream, {})

    def _flush(self, tx: Connection) -> None:
        with self._lock:
            pending = self._pending.pop(tx, {})
        written = frozenset(stream for stream in sorted(pending) if self._write(tx, stream, pending[stream]))
        if written:
            with self._lock:
                self._written[tx] = written

    def _announce(self, tx: Connection) -> None:
        with self._lock:
            written = self._written.pop(tx, None)
        if written:
            self._tell(written)

    def _write(self, tx: Connection, stream: str, wanted: dict[Key, bytes | None]) -> bool:
        """Whether anything changed."""
        ver, checksum = self._lock_head(tx, stream)
        alive = dict(_alive(tx, stream, wanted)) if ver else {}
        changes, new, changed, dead = [], [], [], []
        now_ms = self._now_ms()
        for (entity, id), body in wanted.items():
            before = alive.get((entity, id))
            added = 0 if body is None else reference.row_hash(entity, id, body)
            removed = unsigned(before.row_hash) if before else 0
            if (before is None) == (body is None) and added == removed:
                continue
            ver += 1
            checksum = reference.checksum_with(checksum, removed=removed, added=added)
            op = reference.PUT if body is not None else reference.DELETE
            replaces = before.ver if before else None
            changes.append((stream, ver, entity, id, op, body or b"", str(checksum), now_ms, replaces))
            if body is None:
                dead.append({"k_entity": entity, "k_id": id})
            elif before is None:
                new.append((stream, entity, id, ver, signed(added)))
            else:
                changed.append({"k_entity": entity, "k_id": id, "ver": ver, "row_hash": signed(added)})
        if not changes:
            return False
        insert_rows(tx, change_feed, changes)
        insert_rows(tx, feed_row, new)
        _change_rows(tx, stream, changed, dead)
        by_stream = feed_head.c.stream == stream
        tx.execute(update(feed_head).where(by_stream).values(ver=ver, checksum=str(checksum)))
        return True

    def _lock_head(self, tx: Connection, stream: str) -> tuple[int, int]:
        """(version, checksum) of the stream, which is ours until the commit."""
        query = select(feed_head.c.ver, feed_head.c.checksum).where(feed_head.c.stream == stream)
        row = tx.execute(query.with_for_update()).one_or_none()
        if row is None:
            head = {"stream": stream, "epoch": self._new_id(), "ver": 0, "checksum": "0", "floor": 0}
            try:
                with tx.begin_nested():
                    tx.execute(insert(feed_head).values(head))
            except IntegrityError:
                pass  # another writer opened the stream first; its row is the one to lock
            row = tx.execute(query.with_for_update()).one()
        return row.ver, int(row.checksum)


def _alive(tx: Connection, stream: str, keys: dict[Key, bytes | None]) -> Iterator[tuple[Key, _Alive]]:
    columns = feed_row.c
    for some in _chunks(list(keys), _CHUNK):
        query: Select[Any] = select(columns.entity, columns.id, columns.ver, columns.row_hash).where(
            columns.stream == stream, tuple_(columns.entity, columns.id).in_(some)
        )
        for row in tx.execute(query):
            yield (row.entity, row.id), _Alive(row.ver, row.row_hash)


def _change_rows(
    tx: Connection, stream: str, changed: list[dict[str, Any]], dead: list[dict[str, Any]]
) -> None:
    by_key = (
        (feed_row.c.stream == stream)
        & (feed_row.c.entity == bindparam("k_entity"))
        & (feed_row.c.id == bindparam("k_id"))
    )
    if changed:
        newer = update(feed_row).where(by_key).values(ver=bindparam("ver"), row_hash=bindparam("row_hash"))
        tx.execute(newer, changed)
    if dead:
        tx.execute(delete(feed_row).where(by_key), dead)


def _chunks(things: Sequence[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while some := list(islice(remaining, size)):
        yield some
