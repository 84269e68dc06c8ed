"""Ingest as a whole: store durably, acknowledge, then have it applied."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from shared_models.checkpoint import Checkpoint
from shared_models.errors import ShopError
from shared_models.sync_api import (
    MAX_PROBES,
    HashesReply,
    HashesRequest,
    Push,
    PushReply,
    SegmentState,
    SegmentVerdict,
)
from sync_server.database import A_TILL_WAITS_S, Database, DatabaseBusy, is_passing
from sync_server.errors import Invalid, NotFound
from sync_server.findings import THIS_SERVER
from sync_server.ingest import chain
from sync_server.ingest.admission import Admission
from sync_server.ingest.queue import is_queued, requeue
from sync_server.ingest.raw_frames import RAW, RawFrames
from sync_server.ingest.tables import quarantine
from sync_server.sync_messages import TillIdentity

PublicKeyOf = Callable[[Connection, TillIdentity], bytes]
"""Raises when the till's machine is not welcome any more."""
_TRIES = 4
_log = logging.getLogger(__name__)


class Notary(Protocol):
    """Signs what the server holds; `EvidenceService` is one."""

    def checkpoint(self, incarnation: bytes, high: int, hash: bytes) -> Checkpoint | None: ...

    def is_sure(self) -> bool:
        """Whether it knows that it may sign."""

    def may_sign(self, tx: Connection) -> bool:
        """Looks; `checkpoint` gives none while it may not."""


class Quarantined(msgspec.Struct, frozen=True):
    """Something that was stored and not booked. `set_aside_for` is a person's reason, for what counts no more."""

    quarantine_id: str
    reason: str
    detail: str
    attempts: int
    till_id: str
    store_id: str
    at_ms: int
    resolved_at_ms: int | None
    resolved_by: str
    set_aside_for: str | None


class IngestService:
    """Opens the transactions of a push itself: what it answers is only true after their commit.

    A hub has no notary: it holds entries for a while, and only the central server signs for them.
    """

    def __init__(
        self,
        db: Database,
        admission: Admission,
        raw_frames: RawFrames,
        public_key_of: PublicKeyOf,
        wake_applier: Callable[[], None],
        notary: Notary | None = None,
        while_pushed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._db = db
        self._admission = admission
        self._raw_frames = raw_frames
        self._public_key_of = public_key_of
        self._wake_applier = wake_applier
        self._notary = notary
        self._while_pushed = while_pushed
        self._let_down: set[str] = set()

    def verdicts(
        self, tx: Connection, who: TillIdentity, segments: tuple[SegmentState, ...], said_at_ms: int
    ) -> tuple[SegmentVerdict, ...]:
        """What a hello hears of each of its incarnations. They tell of what earlier transactions stored."""
        verdicts = self._admission.verdicts(tx, who, segments, said_at_ms)
        notary = self._notary
        if notary is None:
            return verdicts
        notary.may_sign(tx)
        return tuple(
            msgspec.structs.replace(one, checkpoint=notary.checkpoint(one.incarnation, one.high, one.hash))
            for one in verdicts
        )

    def push(self, who: TillIdentity, push: Push) -> PushReply:
        """Durable before it returns. Of two pushes of one fact at one moment, one clashes and tries again."""
        with self._while_pushed():
            return self._stored(who, chain.stamped(push))

    def _stored(self, who: TillIdentity, batch: chain.StampedPush) -> PushReply:
        for _ in range(_TRIES):
            try:
                with self._db.write(wait_s=A_TILL_WAITS_S) as tx:
                    key = self._public_key_of(tx, who)
                    reply = self._admission.admit(tx, who, key, batch)
                    self._ask_notary(tx)
            except IntegrityError as clash:
                _log.info("a push clashed with another one: %s", clash)
                continue
            self._wake_applier()
            return self._vouched(reply)
        raise DatabaseBusy("Others send the same entries at this moment. Send them again.")

    def push_brought(self, who: TillIdentity, push: Push) -> PushReply:
        """As `push`, for a till's entries that another machine brings; raises NotAsSealed for all but its own."""
        with self._db.read() as tx:
            self._admission.check_seal(tx, who, push)
        return self.push(who, push)

    def hashes(self, who: TillIdentity, asked: HashesRequest) -> HashesReply:
        if len(asked.seqs) > MAX_PROBES or not all(0 < seq < 1 << 62 for seq in asked.seqs):
            raise Invalid(f"Ask for the hashes of 1 to {MAX_PROBES} entries at once.")
        with self._db.read() as tx:
            self._public_key_of(tx, who)
            return HashesReply(hashes=self._admission.hashes(tx, who, asked.incarnation, asked.seqs))

    def push_raw(self, who: TillIdentity, frame: bytes, reason: str) -> PushReply | None:
        """Kept in one transaction; whether the till may step over it, in another that may fail."""
        with self._db.write(wait_s=A_TILL_WAITS_S) as tx:
            self._raw_frames.keep(tx, who, frame, reason)
        try:
            with self._db.write(wait_s=A_TILL_WAITS_S) as tx:
                reply = self._raw_frames.step_over(tx, who, frame)
                self._ask_notary(tx)
        except SQLAlchemyError as trouble:
            _log.warning("a raw frame is kept, but the till can't step over it: %s", trouble)
            return None
        return self._vouched(reply) if reply is not None else None

    def _ask_notary(self, tx: Connection) -> None:
        if self._notary is not None and not self._notary.is_sure():
            self._notary.may_sign(tx)

    def _vouched(self, reply: PushReply) -> PushReply:
        """Signed after the commit: what is signed is durable."""
        if self._notary is None:
            return reply
        checkpoint = self._notary.checkpoint(reply.incarnation, reply.high, reply.hash)
        return msgspec.structs.replace(reply, checkpoint=checkpoint)

    def take_in_raw(self) -> bool:
        """Good entries that came raw because the server was away each time are booked like any other.

        Unlike the way in, this is nobody's request: what fails here fails a few times and then waits for a person.
        False where the database let some down, which is not their fault: the next time they have their try again.
        """
        with self._db.write() as tx:
            self._raw_frames.give_back(tx, self._let_down)
            waiting = self._raw_frames.take_waiting(tx)
        self._let_down = set()
        for frame in waiting:
            try:
                with self._db.write() as tx:
                    key = self._public_key_of(tx, frame.who)
                    if not chain.bad_signature(frame.push, key) and chain.is_sealed(frame.push):
                        self._raw_frames.file(tx, frame.quarantine_id, THIS_SERVER, sound=True)
            except (ShopError, SQLAlchemyError) as reason:
                if is_passing(reason):
                    self._let_down.add(frame.quarantine_id)
                _log_not_taken_in(reason)
        if waiting:
            self._wake_applier()
        return not self._let_down

    def quarantined(
        self, tx: Connection, store_id: str | None, after: tuple[int, str] | None, limit: int
    ) -> list[Quarantined]:
        """Oldest first, open and resolved alike."""
        query = select(*(quarantine.c[name] for name in Quarantined.__struct_fields__))
        if store_id is not None:
            query = query.where(quarantine.c.store_id == store_id)
        if after is not None:
            at_ms, id = after
            later = quarantine.c.at_ms > at_ms
            query = query.where(later | ((quarantine.c.at_ms == at_ms) & (quarantine.c.quarantine_id > id)))
        rows = tx.execute(query.order_by(quarantine.c.at_ms, quarantine.c.quarantine_id).limit(limit))
        return [Quarantined(*row) for row in rows]

    def held(self, tx: Connection, quarantine_id: str, store_id: str | None = None) -> Quarantined:
        """Raises NotFound. `store_id` is the only store that whoever asks may look into."""
        query = select(*(quarantine.c[name] for name in Quarantined.__struct_fields__))
        row = tx.execute(query.where(quarantine.c.quarantine_id == quarantine_id)).one_or_none()
        if row is None or store_id not in (None, row.store_id):
            raise NotFound("Nothing of that id is in quarantine.")
        return Quarantined(*row)

    def retry(self, quarantine_id: str, by: str, store_id: str | None = None) -> None:
        with self._db.write() as tx:
            if self.held(tx, quarantine_id, store_id).reason == RAW:
                self._raw_frames.file(tx, quarantine_id, by)
            else:
                requeue(tx, quarantine.c.quarantine_id == quarantine_id)
        self._wake_applier()

    def is_tried_again(self, tx: Connection, quarantine_id: str) -> bool:
        """Whether somebody asked for it, and the answer is not there yet."""
        return is_queued(tx, quarantine_id)

    def set_aside(self, quarantine_id: str, reason: str, by: str, store_id: str | None = None) -> Quarantined:
        """What nobody needs any more; raises Conflict for what was decided, or is just being tried."""
        with self._db.write() as tx:
            self.held(tx, quarantine_id, store_id)
            self._raw_frames.set_aside(tx, quarantine_id, reason, by)
            return self.held(tx, quarantine_id)


def _log_not_taken_in(reason: ShopError | SQLAlchemyError) -> None:
    if isinstance(reason, ShopError):
        _log.info("a raw frame waits: %s", reason.message)
    else:
        _log.warning("a raw frame could not be taken in; the others go on: %s", reason)
