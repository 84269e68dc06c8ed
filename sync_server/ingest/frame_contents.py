"""What the frames that came raw hold, as far as this version can read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, null, select

from shared_models import wire
from shared_models.errors import ShopError
from shared_models.journal import body_hash
from shared_models.sync_api import Push, WireEntry
from sync_server.ingest import chain, log
from sync_server.ingest.altered import collision_id
from sync_server.ingest.tables import quarantine

LARGEST_READ = 2 << 20
"""Bytes. No till that works packs a frame as large; opening many of them would hold up whoever asks."""
NO_LIMIT = 1 << 40
_AT_ONCE = 1000
IS_WAITING = quarantine.c.raw.is_not(None) & quarantine.c.resolved_at_ms.is_(None)
IS_SET_ASIDE = quarantine.c.raw.is_not(None) & quarantine.c.set_aside_for.is_not(None)
IS_TAKEN_IN = (
    quarantine.c.raw.is_not(None)
    & quarantine.c.resolved_at_ms.is_not(None)
    & quarantine.c.set_aside_for.is_(None)
)
Fact = tuple[bytes, bytes]
"""The id that an entry bears and the hash of its content: what counts once, however often it came."""


def entries_kept_raw(tx: Connection, *narrowed: ColumnElement[bool]) -> Iterator[WireEntry | None]:
    """Each entry once, and none that the log has by another way; None for a frame that nobody can read.

    Of the frames that wait for a person. `narrowed` is about columns of `quarantine`.
    """
    seen: set[Fact] = set()
    for frame in frames(tx, IS_WAITING, *narrowed):
        yield from (None,) if frame.push is None else not_in_log(tx, frame.push.entries, seen)


class Frame(NamedTuple):
    """`push` is None for one that nobody can read."""

    id: str
    at_ms: int
    is_set_aside: bool
    push: Push | None


def frames(tx: Connection, *wanted: ColumnElement[bool], largest: int = LARGEST_READ) -> Iterator[Frame]:
    """In the order of their ids, a few at a time: together they may be too large for the memory."""
    query = _query(largest).where(*wanted).order_by(quarantine.c.quarantine_id)
    return map(_frame, tx.execute(query.execution_options(yield_per=10)))


def one_frame(tx: Connection, id: str, largest: int = LARGEST_READ) -> Frame | None:
    row = tx.execute(_query(largest).where(quarantine.c.quarantine_id == id)).one_or_none()
    return _frame(row) if row is not None else None


def _query(largest: int) -> Select[Any]:
    raw = case((func.length(quarantine.c.raw) <= largest, quarantine.c.raw), else_=null()).label("raw")
    is_set_aside = quarantine.c.set_aside_for.is_not(None).label("is_set_aside")
    return select(quarantine.c.quarantine_id, quarantine.c.at_ms, is_set_aside, raw)


def _frame(row: Row[Any]) -> Frame:
    push = None if row.raw is None else read(bytes(row.raw))
    return Frame(row.quarantine_id, row.at_ms, bool(row.is_set_aside), push)


def read(frame: bytes) -> Push | None:
    try:
        push = wire.unpack(frame, Push)
        chain.check_shape(push)
    except ShopError:
        return None
    return push


def not_in_log(tx: Connection, entries: Iterable[WireEntry], seen: set[Fact]) -> Iterator[WireEntry]:
    """Those that are stored nowhere else and not in `seen`, which they are added to."""
    facts = [(fact_of(entry), entry) for entry in entries]
    logged = in_log(tx, [fact for fact, _ in facts])
    for fact, entry in facts:
        if fact not in seen and fact not in logged:
            seen.add(fact)
            yield entry


def in_log(tx: Connection, facts: Iterable[Fact]) -> set[Fact]:
    """Those that the log has, also where an id stood for another fact already."""
    return set(logged(tx, facts))


class Logged(NamedTuple):
    """A fact of the log: the id that it bears there, and its number."""

    event_id: bytes
    ingest_id: int


def logged(tx: Connection, facts: Iterable[Fact]) -> dict[Fact, Logged]:
    """As `in_log`, with where they are."""
    named = [(id, fact) for fact in set(facts) for id in (fact[0], collision_id(*fact))]
    found: dict[Fact, Logged] = {}
    for start in range(0, len(named), _AT_ONCE):
        some = named[start : start + _AT_ONCE]
        known = log.known_events(tx, [id for id, _ in some])
        for id, fact in some:
            if id in known and known[id].body_hash == fact[1]:
                found.setdefault(fact, Logged(id, known[id].ingest_id))
    return found


def fact_of(entry: WireEntry) -> Fact:
    return entry.event_id, body_hash(entry.type, entry.schema, entry.body)


class Contents(msgspec.Struct, frozen=True):
    """`kinds` names the type of each entry; it is None for a frame that nobody can read."""

    size: int
    kinds: list[str] | None


def contents(tx: Connection, quarantine_id: str) -> Contents | None:
    """What a frame holds, None where there is no such frame. It tells whoever must decide what becomes of it."""
    where = quarantine.c.quarantine_id == quarantine_id
    size = tx.scalar(select(func.length(quarantine.c.raw)).where(where))
    if size is None:
        return None
    frame = one_frame(tx, quarantine_id)
    return Contents(size, [entry.type for entry in frame.push.entries] if frame and frame.push else None)


class RawPlaces:
    """What a till's entries came in that have a place in a journal and no body. Ids are held, not the frames.

    `narrowed` is about columns of `quarantine`; without it filed frames are looked through too.
    """

    def __init__(self, tx: Connection, till_id: str, *narrowed: ColumnElement[bool]) -> None:
        self._tx = tx
        self._mine = (quarantine.c.till_id == till_id, quarantine.c.raw.is_not(None), *narrowed)

    def frame(self, incarnation: bytes, seq: int, hash: bytes) -> Frame | None:
        """The one that the till stepped over with: the first that came of those that say the same hash."""
        held = self._held.get((incarnation, seq))
        if held is None:
            return None
        first = min(held, key=lambda one: (one.head_hash != hash, one.at_ms, one.id))
        return one_frame(self._tx, first.id, NO_LIMIT)

    def entry(self, incarnation: bytes, seq: int, hash: bytes) -> WireEntry | None:
        frame = self.frame(incarnation, seq, hash)
        return frame.push.entries[0] if frame and frame.push else None

    @cached_property
    def _held(self) -> dict[tuple[bytes, int], list[_Held]]:
        held: dict[tuple[bytes, int], list[_Held]] = defaultdict(list)
        for frame in frames(self._tx, *self._mine, largest=NO_LIMIT):
            if frame.push is not None and len(frame.push.entries) == 1:
                at = (frame.push.incarnation, frame.push.first_seq)
                held[at].append(_Held(frame.id, frame.at_ms, frame.push.head_hash))
        return held


class _Held(NamedTuple):
    id: str
    at_ms: int
    head_hash: bytes
