"""The raw path: bytes that could not be taken otherwise are kept whole, for a person or a later version."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models import wire
from shared_models.errors import ShopError
from shared_models.sync_api import Push, PushReply
from sync_server.errors import Conflict, NotFound
from sync_server.findings import THIS_SERVER, Finding, Inbox
from sync_server.ingest import chain, log
from sync_server.ingest.altered import collision, collision_id
from sync_server.ingest.queue import case_key
from sync_server.ingest.set_aside import set_aside
from sync_server.ingest.tables import ingest_pos, quarantine
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity

_log = logging.getLogger(__name__)


RAW = "raw"
"""The reason of what is kept here, and of nothing else in quarantine."""
MOST_TRIES = 3
_AT_ONCE = 100
_BYTES_AT_ONCE = 16 << 20
_MOST_OF_A_TILL = 20_000
_MOST_BYTES_OF_A_TILL = 256 << 20


class TooManyFrames(Conflict):
    """So much of one till waits for a person that no more is taken from it raw; the till keeps what it has."""

    code = "too_many_raw_frames"


_OPEN = quarantine.c.raw.is_not(None) & quarantine.c.resolved_at_ms.is_(None)


class Waiting(msgspec.Struct, frozen=True):
    """A frame of one entry that could be taken in after all."""

    quarantine_id: str
    who: TillIdentity
    push: Push


class RawFrames:
    """`keep` parses nothing; `step_over` then lets the till go on behind a frame of one entry."""

    def __init__(
        self,
        inbox: Inbox,
        now_ms: NowMs,
        most: int = _MOST_OF_A_TILL,
        most_bytes: int = _MOST_BYTES_OF_A_TILL,
    ) -> None:
        self._inbox = inbox
        self._now_ms = now_ms
        self._most = most
        self._most_bytes = most_bytes

    def keep(self, tx: Connection, who: TillIdentity, frame: bytes, reason: str) -> str:
        """The frame's id, which is its hash: keeping it twice is keeping it once. Raises TooManyFrames."""
        id = sha256(frame).hexdigest()
        if tx.scalar(select(quarantine.c.quarantine_id).where(quarantine.c.quarantine_id == id)):
            return id
        self._refuse_too_many(tx, who.till_id, len(frame))
        row = {
            "quarantine_id": id,
            "raw": frame,
            "reason": RAW,
            "detail": reason.replace("\0", "\ufffd")[:1000],
            "attempts": 0,
            "till_id": who.till_id,
            "store_id": who.store_id,
            "device_id": who.device_id,
            "at_ms": self._now_ms(),
            "resolved_by": "",
        }
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        new: Any = dialect.insert(quarantine).values(row)
        new = new.on_conflict_do_nothing(index_elements=["quarantine_id"]).returning(
            quarantine.c.quarantine_id
        )
        if tx.execute(new).first() is None:
            return id
        sentence = f"Till {who.till_id} sent something that the server can't read. It is kept as it came."
        finding = Finding(
            key=case_key(id),
            kind="quarantined",
            sentence=sentence,
            store_id=who.store_id,
            till_id=who.till_id,
            refs={"quarantine": id, "reason": RAW},
        )
        self._inbox.raise_many(tx, [finding])
        return id

    def _refuse_too_many(self, tx: Connection, till_id: str, more_bytes: int) -> None:
        kept = select(func.count(), func.coalesce(func.sum(func.length(quarantine.c.raw)), 0))
        count, size = tx.execute(kept.where(_OPEN, quarantine.c.till_id == till_id)).one()
        if count >= self._most or size + more_bytes > self._most_bytes:
            raise TooManyFrames(
                f"{count} frames of till {till_id} wait for a person already; no more is taken raw until head office "
                "has looked at them. The till keeps its entries."
            )

    def step_over(self, tx: Connection, who: TillIdentity, frame: bytes) -> PushReply | None:
        """Takes the frame's entry as a position without a body; None where it is none, or not the next."""
        push = _one_entry(frame)
        if push is None:
            return None
        stands = log.lock_incarnation(tx, who, push, self._now_ms())
        if stands.till_id != who.till_id:
            return None
        follows = not stands.high or push.prev == stands.head_hash
        if follows and push.first_seq == stands.high + 1:
            log.add_position(tx, _position(push))
            self._name_if_taken_in(tx, who, frame, push)
            log.advance(tx, push.incarnation, push.first_seq, push.head_hash, self._now_ms())
            return PushReply(incarnation=push.incarnation, high=push.first_seq, hash=push.head_hash)
        return PushReply(incarnation=push.incarnation, high=stands.high, hash=stands.head_hash)

    def take_waiting(self, tx: Connection) -> list[Waiting]:
        """Frames of one entry that nobody has looked at; each is taken a few times and no more.

        A till sends an entry raw when the server failed on it again and again. Where the server was only away each
        time, the entry is as good as any. So is one that a hub held of a journal that goes on otherwise here: its
        till was put back, or is gone.
        """
        columns = quarantine.c
        frames = select(
            columns.quarantine_id, columns.raw, columns.device_id, columns.till_id, columns.store_id
        )
        rows = tx.execute(frames.where(columns.quarantine_id.in_(_next_few(tx)))).all()
        waiting = []
        for row in rows:
            push = _one_entry(row.raw)
            if push is not None:
                who = TillIdentity(row.device_id, row.till_id, row.store_id)
                waiting.append(Waiting(row.quarantine_id, who, push))
        taken = [row.quarantine_id for row in rows]
        tried = update(quarantine).where(columns.quarantine_id.in_(taken))
        tx.execute(tried.values(attempts=columns.attempts + 1))
        return waiting

    def give_back(self, tx: Connection, ids: Iterable[str]) -> None:
        """A try that was none, to each of them."""
        mine = quarantine.c.quarantine_id.in_(list(ids)) & (quarantine.c.attempts > 0)
        tx.execute(update(quarantine).where(mine).values(attempts=quarantine.c.attempts - 1))

    def file(self, tx: Connection, quarantine_id: str, by: str, *, sound: bool = False) -> None:
        """What can be read after all goes into the log and waits to be applied; `sound`: its seal was checked.

        Of what was taken in before only the place is named, where it came later.
        """
        row = tx.execute(select(quarantine).where(quarantine.c.quarantine_id == quarantine_id)).one_or_none()
        if row is None or row.raw is None:
            raise NotFound("There is no such frame.")
        push = _one_entry(row.raw)
        if push is None:
            raise Conflict("This version can't read it either. It stays as it is.")
        number = self._number(tx, row, push)
        _name_fact(tx, push, number, sound=sound or _was_sound(row))
        if row.resolved_at_ms is not None and row.set_aside_for is None:
            return
        done = {"resolved_at_ms": self._now_ms(), "resolved_by": by, "set_aside_for": None}
        tx.execute(update(quarantine).where(quarantine.c.quarantine_id == quarantine_id).values(done))
        note = "It could be read at last and was taken in."
        if row.set_aside_for is None:
            self._inbox.settle(tx, case_key(quarantine_id), note)
        else:
            self._inbox.decide(tx, case_key(quarantine_id), note, by)

    def set_aside(self, tx: Connection, quarantine_id: str, reason: str, by: str) -> None:
        """Also an entry of the log that can't be booked. It counts no more as money, and can still be tried again."""
        set_aside(tx, self._inbox, quarantine_id, reason, by, self._now_ms())

    def _name_if_taken_in(self, tx: Connection, who: TillIdentity, frame: bytes, push: Push) -> None:
        """It came before its turn and was taken in then; now that it has a place, that is the fact's."""
        query = select(quarantine).where(quarantine.c.quarantine_id == sha256(frame).hexdigest())
        row = tx.execute(query).one_or_none()
        if row is not None and row.resolved_at_ms is not None and row.set_aside_for is None:
            _name_fact(tx, push, self._number(tx, row, push), sound=_was_sound(row))

    def _number(self, tx: Connection, row: Row[Any], push: Push) -> int:
        """The fact's place in the log, where it may be already; one whose id stands for another is kept beside it."""
        at = chain.stamp(push)[0]
        event_id = at.entry.event_id
        known = log.known_events(tx, [event_id])
        if event_id in known and known[event_id].body_hash != at.body_hash:
            who = TillIdentity(row.device_id, row.till_id, row.store_id)
            self._inbox.raise_many(tx, [collision(who, push.incarnation, at)])
            event_id = collision_id(event_id, at.body_hash)
            known = log.known_events(tx, [event_id])
        if event_id in known:
            return known[event_id].ingest_id
        (number,) = log.new_ingest_ids(tx, 1)
        fact = (number, event_id, at.body_hash, at.entry.type, at.entry.schema, at.entry.body)
        log.add_facts(tx, [(*fact, row.till_id, row.store_id, push.incarnation, at.seq, row.at_ms)])
        return number


def _next_few(tx: Connection) -> list[str]:
    """The ids of frames to try, those tried less often first; all of them together fit the memory."""
    columns = quarantine.c
    sizes = select(columns.quarantine_id, func.length(columns.raw).label("size"))
    sizes = sizes.where(_OPEN, columns.attempts < MOST_TRIES)
    taken: list[str] = []
    size = 0
    for row in tx.execute(sizes.order_by(columns.attempts, columns.at_ms).limit(_AT_ONCE)):
        size += row.size
        if taken and size > _BYTES_AT_ONCE:
            break
        taken.append(row.quarantine_id)
    return taken


def _was_sound(row: Row[Any]) -> bool:
    """Of a frame that was taken in: the server itself takes in only what is sealed and signed by its till."""
    taken_by: str = row.resolved_by
    return taken_by == THIS_SERVER and row.set_aside_for is None


def _name_fact(tx: Connection, push: Push, number: int, *, sound: bool) -> None:
    """For the place that was stepped over with this frame."""
    where = (ingest_pos.c.incarnation == push.incarnation) & (ingest_pos.c.seq == push.first_seq)
    own = where & (ingest_pos.c.hash == push.head_hash) & ingest_pos.c.ingest_id.is_(None)
    tx.execute(update(ingest_pos).where(own).values(ingest_id=number, chain_ok=sound))


def _one_entry(frame: bytes) -> Push | None:
    try:
        push = wire.unpack(frame, Push)
        chain.check_shape(push)
    except ShopError as reason:
        _log.info("a raw frame stays closed: %s", reason.message)
        return None
    return push if len(push.entries) == 1 else None


def _position(push: Push) -> dict[str, object]:
    entry = push.entries[0]
    return {
        "incarnation": push.incarnation,
        "seq": push.first_seq,
        "event_id": entry.event_id,
        "ingest_id": None,
        "hash": push.head_hash,
        "signature": entry.signature,
        "algorithm": entry.algorithm,
        "chain_ok": False,
    }
