"""The rules of a push: what is stored, and what the till is told. Nothing that happened is ever refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from shared_models.journal import START
from shared_models.sync_api import EntryNote, Push, PushReply, SegmentState, SegmentVerdict
from sync_server.errors import Conflict, Forbidden
from sync_server.findings import Finding, Inbox
from sync_server.ingest import chain, log
from sync_server.ingest.altered import collision, collision_id
from sync_server.ingest.chain import Stamped
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity

_BETWEEN_TWO_LOOKS_MS = 1000
"""A till looks at its journal and then at its clock; an entry may be made in between."""


class NotYourJournal(Forbidden):
    """The incarnation belongs to another till."""

    code = "not_your_journal"


class NotAsSealed(Conflict):
    """These are not the bytes that the till sealed: the messenger changed them, or lost some."""

    code = "not_as_sealed"


KeyOf = Callable[[Connection, str], bytes]
HasHub = Callable[[Connection, str], bool]
"""The public key of a device, by its id, also of one that was replaced."""


class Admission:
    """Stores a batch's new entries in the caller's transaction; the reply is true once that commits.

    A till's journal stays its own when its machine is replaced: what the old one sealed may come from the new one.
    """

    def __init__(self, inbox: Inbox, key_of: KeyOf, has_hub: HasHub, now_ms: NowMs) -> None:
        self._inbox = inbox
        self._key_of = key_of
        self._has_hub = has_hub
        self._now_ms = now_ms

    def admit(
        self, tx: Connection, who: TillIdentity, public_key: bytes, batch: chain.StampedPush
    ) -> PushReply:
        push, stamped = batch
        stands = log.lock_incarnation(tx, who, push, self._now_ms())
        _check_owner(stands, who)
        if push.first_seq > stands.high + 1:
            self._lost(tx, who, push.incarnation, push.first_seq - 1, stands.high)
            return _reply(push.incarnation, stands)
        if not self._follows(tx, push, stands, stamped):
            self._fork(tx, who, push.incarnation, stands)
            return _reply(push.incarnation, stands)
        fresh = stamped[stands.high + 1 - push.first_seq :]
        if not fresh:
            return _reply(push.incarnation, stands)
        if stands.device_id != who.device_id:
            public_key = self._key_of(tx, stands.device_id)
        notes = self._store(tx, who, public_key, push, stamped, fresh)
        last = stamped[-1].seq
        if stands.state == log.SUPERSEDED:
            self._check_it_was_left(tx, who, push.incarnation, last)
        log.advance(tx, push.incarnation, last, push.head_hash, self._now_ms())
        return PushReply(
            incarnation=push.incarnation,
            high=last,
            hash=push.head_hash,
            safe_through=stands.safe_through,
            notes=notes,
        )

    def check_seal(self, tx: Connection, who: TillIdentity, push: Push) -> None:
        """For what others bring: raises NotAsSealed unless the till's own machine made these very entries."""
        chain.check_shape(push)
        stands = log.incarnation_of(tx, push.incarnation)
        key = self._key_of(tx, stands.device_id if stands else who.device_id)
        wrong = chain.broken_chain(push, chain.stamp(push)) or chain.bad_signature(push, key)
        if wrong:
            raise NotAsSealed(f"Nothing was stored: {wrong}. The till itself has the right ones.")

    def verdicts(
        self, tx: Connection, who: TillIdentity, segments: tuple[SegmentState, ...], said_at_ms: int
    ) -> tuple[SegmentVerdict, ...]:
        """What a hello hears of each of its incarnations. `said_at_ms` is when it was made, by the till's clock."""
        return tuple(self._verdict(tx, who, segment, said_at_ms) for segment in segments)

    def hashes(
        self, tx: Connection, who: TillIdentity, incarnation: bytes, seqs: Sequence[int]
    ) -> tuple[bytes, ...]:
        """In the order asked; empty where nothing is held."""
        stands = log.incarnation_of(tx, incarnation)
        if stands is None:
            return (b"",) * len(seqs)
        _check_owner(stands, who)
        held = log.hashes_at(tx, incarnation, seqs)
        return tuple(held.get(seq, b"") for seq in seqs)

    def _verdict(
        self, tx: Connection, who: TillIdentity, segment: SegmentState, said_at_ms: int
    ) -> SegmentVerdict:
        stands = log.incarnation_of(tx, segment.incarnation)
        high = stands.high if stands else 0
        if segment.acked > high:
            self._lost(tx, who, segment.incarnation, segment.acked, high)
        if stands is None:
            return SegmentVerdict(incarnation=segment.incarnation, high=0, hash=START)
        if stands.till_id != who.till_id:
            return SegmentVerdict(incarnation=segment.incarnation, high=0, hash=START, state="foreign")
        is_behind = segment.head_seq < stands.high and stands.state != log.SUPERSEDED
        if is_behind and not _was_held_back(tx, segment, said_at_ms):
            self._fork(tx, who, segment.incarnation, stands)
        return SegmentVerdict(
            incarnation=segment.incarnation,
            high=stands.high,
            hash=stands.head_hash,
            safe_through=stands.safe_through,
            state=stands.state,
        )

    def _lost(self, tx: Connection, who: TillIdentity, incarnation: bytes, acked: int, high: int) -> None:
        """The till remembers an acknowledgement that this database knows nothing of.

        Where the store has a hub it may be the hub's, which passes the entries on.
        """
        if self._has_hub(tx, who.store_id):
            return
        what = (
            f"Till {who.till_id} had been told that its entries up to {acked} are stored; this server holds {high}. "
            "Its database was put back from an older copy; the till sends them again by itself."
        )
        refs = {"incarnation": incarnation.hex(), "seq": str(high)}
        key = f"server_restored:{incarnation.hex()}:{high}"
        place = {"store_id": who.store_id, "till_id": who.till_id}
        found = Finding(key=key, kind="server_restored", sentence=what, refs=refs, **place)
        self._inbox.raise_many(tx, [found])

    def _follows(self, tx: Connection, push: Push, stands: log.Incarnation, stamped: list[Stamped]) -> bool:
        """Whether the batch goes on from what is stored, or repeats it."""
        if stands.high == 0:
            return True
        if push.first_seq == stands.high + 1:
            return push.prev == stands.head_hash
        last_common = min(stamped[-1].seq, stands.high)
        at = stamped[last_common - push.first_seq]
        held = log.held_at(tx, push.incarnation, last_common)
        if held is None:
            return False
        # what was touched is held under the hash that the till claimed for it
        touched = at is stamped[-1] and not held.is_sound and held.hash == push.head_hash
        return touched or held.hash == at.hash

    def _store(
        self,
        tx: Connection,
        who: TillIdentity,
        public_key: bytes,
        push: Push,
        stamped: list[Stamped],
        fresh: list[Stamped],
    ) -> tuple[EntryNote, ...]:
        broken = chain.broken_chain(push, stamped)
        unsigned = chain.bad_signature(push, public_key)
        ingest_ids, collided = self._add_facts(tx, who, push.incarnation, fresh)
        positions: list[tuple[Any, ...]] = []
        for at in fresh:
            is_last = at is stamped[-1]
            digest = push.head_hash if is_last else at.hash
            sound = not broken and not (is_last and unsigned)
            entry = at.entry
            row = (push.incarnation, at.seq, entry.event_id, ingest_ids[at.seq], digest)
            positions.append((*row, entry.signature, entry.algorithm, sound))
        log.add_positions(tx, positions)
        notes = [
            EntryNote(event_id=at.entry.event_id, kind="exception", reason="id_collision") for at in collided
        ]
        for kind, what in (("broken_chain", broken), ("bad_signature", unsigned)):
            if what:
                self._inbox.raise_many(tx, [_finding(kind, who, push.incarnation, stamped[-1].seq, what)])
                notes.append(_note(push.entries[-1].event_id, kind))
        self._inbox.raise_many(tx, [collision(who, push.incarnation, at) for at in collided])
        return tuple(notes)

    def _add_facts(
        self, tx: Connection, who: TillIdentity, incarnation: bytes, fresh: Sequence[Stamped]
    ) -> tuple[dict[int, int], list[Stamped]]:
        """({seq: ingest id}, entries whose id stood for something else already)"""
        known = log.known_events(tx, [at.entry.event_id for at in fresh])
        wanted: dict[bytes, Stamped] = {}
        filed: dict[int, bytes] = {}
        collided = []
        for at in fresh:
            event_id = at.entry.event_id
            other = known[event_id].body_hash if event_id in known else None
            if event_id in wanted:
                other = wanted[event_id].body_hash
            if other is not None and other != at.body_hash:
                collided.append(at)
                event_id = collision_id(event_id, at.body_hash)
                known |= log.known_events(tx, [event_id])
            filed[at.seq] = event_id
            if event_id not in known:
                wanted.setdefault(event_id, at)
        numbers = dict(zip(wanted, log.new_ingest_ids(tx, len(wanted)) if wanted else (), strict=True))
        place = (who.till_id, who.store_id, incarnation)
        now_ms = self._now_ms()
        rows = []
        for event_id, at in wanted.items():
            fact = (at.body_hash, at.entry.type, at.entry.schema, at.entry.body)
            rows.append((numbers[event_id], event_id, *fact, *place, at.seq, now_ms))
        log.add_facts(tx, rows)
        ids = numbers | {event_id: stored.ingest_id for event_id, stored in known.items()}
        return {seq: ids[event_id] for seq, event_id in filed.items()}, collided

    def _check_it_was_left(self, tx: Connection, who: TillIdentity, incarnation: bytes, last: int) -> None:
        left_at = log.left_at(tx, incarnation, who.till_id)
        if left_at is None or last <= left_at:
            return
        what = (
            f"Till {who.till_id} sells on two machines at once: one began a new receipt series after entry {left_at}, "
            "another goes on in the old one. All sales are kept. Shut one down, and enrol it as a till of its own."
        )
        refs = {"incarnation": incarnation.hex(), "seq": str(left_at)}
        key = f"till_cloned:{incarnation.hex()}"
        place = {"store_id": who.store_id, "till_id": who.till_id}
        self._inbox.raise_many(tx, [Finding(key=key, kind="till_cloned", sentence=what, refs=refs, **place)])

    def _fork(self, tx: Connection, who: TillIdentity, incarnation: bytes, stands: log.Incarnation) -> None:
        what = (
            f"Till {who.till_id} has another journal than the server from entry {stands.high} or before on: "
            "it was restored from an old copy, or two machines run on one. It goes on in a new receipt series."
        )
        if stands.state == log.ACTIVE:
            log.mark(tx, incarnation, log.FORKED)
        key = f"journal_forked:{incarnation.hex()}:{stands.high}"
        self._inbox.raise_many(
            tx,
            [
                Finding(
                    key=key,
                    kind="journal_forked",
                    sentence=what,
                    store_id=who.store_id,
                    till_id=who.till_id,
                    refs={"incarnation": incarnation.hex(), "seq": str(stands.high)},
                )
            ],
        )


def _check_owner(stands: log.Incarnation, who: TillIdentity) -> None:
    if stands.till_id != who.till_id:
        raise NotYourJournal("This journal belongs to another till. Its entries can be sent raw.")


def _was_held_back(tx: Connection, segment: SegmentState, said_at_ms: int) -> bool:
    """Whether the hello was made before the next entry, and only came after it: then the till has lost nothing.

    Both times are by the till's own clock. Where that was put back, what the till does next still tells of it.
    """
    if segment.head_seq and log.hash_at(tx, segment.incarnation, segment.head_seq) != segment.head_hash:
        return False
    recorded_ms = log.recorded_ms(tx, segment.incarnation, segment.head_seq + 1)
    return recorded_ms is not None and said_at_ms < recorded_ms + _BETWEEN_TWO_LOOKS_MS


def _note(event_id: bytes, reason: str) -> EntryNote:
    return EntryNote(event_id=event_id, kind="exception", reason=reason)


def _reply(incarnation: bytes, stands: log.Incarnation) -> PushReply:
    return PushReply(
        incarnation=incarnation, high=stands.high, hash=stands.head_hash, safe_through=stands.safe_through
    )


def _finding(kind: str, who: TillIdentity, incarnation: bytes, seq: int, what: str) -> Finding:
    return Finding(
        key=f"{kind}:{incarnation.hex()}:{seq}",
        kind=kind,
        sentence=f"The journal of till {who.till_id} was touched: {what}. The entries are kept.",
        store_id=who.store_id,
        till_id=who.till_id,
        refs={"incarnation": incarnation.hex(), "seq": str(seq)},
    )
