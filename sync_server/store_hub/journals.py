"""The tills' journals on their way through the hub: what it holds of each, and what the central server has of it.

A till is told how far the journal is held here or there, and keeps its entries until the central server's backup
has them: so whatever this machine loses, the tills send again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import structs
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from shared_models.journal import START
from shared_models.sync_api import MAX_PROBES, EntryNote, Push, PushReply, SegmentState, SegmentVerdict
from sync_server.hubs.tables import relayed
from sync_server.ingest import chain, log
from sync_server.ingest.admission import Admission
from sync_server.ingest.chain import Stamped
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, ingest_queue
from sync_server.store_hub import aside, entries, gaps
from sync_server.sync_messages import TillIdentity


class HubAdmission(Admission):
    """As at the central server, but a journal may begin in its middle: what came before, others hold."""

    def admit(
        self, tx: Connection, who: TillIdentity, public_key: bytes, batch: chain.StampedPush
    ) -> PushReply:
        push = batch.push
        note(tx, push.incarnation, who)
        _learn_parent(tx, push)
        if push.first_seq > 1 and log.incarnation_of(tx, push.incarnation) is None:
            log.lock_incarnation(tx, who, push, self._now_ms())
            gaps.stand_at(tx, push.incarnation, push.first_seq - 1, push.prev, self._now_ms())
        reply = super().admit(tx, who, public_key, batch)
        gaps.close(tx, push.incarnation)
        stands = log.incarnation_of(tx, push.incarnation)
        assert stands is not None
        return structs.replace(reply, high=stands.high, hash=stands.head_hash)

    def verdicts(
        self, tx: Connection, who: TillIdentity, segments: tuple[SegmentState, ...], said_at_ms: int
    ) -> tuple[SegmentVerdict, ...]:
        """Nothing of a journal that this hub never heard of: the till goes on from where it believes to be."""
        for segment in segments:
            note(tx, segment.incarnation, who)
        known = tuple(one for one in segments if log.incarnation_of(tx, one.incarnation) is not None)
        return super().verdicts(tx, who, known, said_at_ms)

    def hashes(
        self, tx: Connection, who: TillIdentity, incarnation: bytes, seqs: Sequence[int]
    ) -> tuple[bytes, ...]:
        """Nothing of what lies behind a gap: the till may have gone on otherwise."""
        held = super().hashes(tx, who, incarnation, seqs)
        stands = log.incarnation_of(tx, incarnation)
        high = stands.high if stands else 0
        return tuple(digest if seq <= high else b"" for seq, digest in zip(seqs, held, strict=True))

    def _store(
        self,
        tx: Connection,
        who: TillIdentity,
        public_key: bytes,
        push: Push,
        stamped: list[Stamped],
        fresh: list[Stamped],
    ) -> tuple[EntryNote, ...]:
        gaps.make_room(tx, push, fresh)
        return super()._store(tx, who, public_key, push, stamped, fresh)


class ToPassOn(NamedTuple):
    device_id: str
    push: Push


def note(tx: Connection, id: bytes, who: TillIdentity) -> None:
    """From now on the central server is asked how far it has this journal, which `who` brings."""
    by = relayed.c.incarnation == id
    known = tx.execute(select(relayed).where(by)).one_or_none()
    if known is None:
        row = {"incarnation": id, "device_id": who.device_id, "till_id": who.till_id, "kept_raw": 0}
        tx.execute(insert(relayed).values(row))
    elif known.till_id == who.till_id and known.device_id != who.device_id:
        tx.execute(update(relayed).where(by).values(device_id=who.device_id))


def belongs_to(tx: Connection, id: bytes, who: TillIdentity) -> None:
    """The central server knows whose journal it is, whoever brought a copy of it here."""
    other = (relayed.c.incarnation == id) & (relayed.c.till_id != who.till_id)
    tx.execute(update(relayed).where(other).values(device_id=who.device_id, till_id=who.till_id))


def noted(tx: Connection) -> list[bytes]:
    return [bytes(id) for id in tx.scalars(select(relayed.c.incarnation).order_by(relayed.c.incarnation))]


def to_ask_about(tx: Connection, segments: tuple[SegmentState, ...]) -> tuple[bytes, ...]:
    """Of these journals of a till, those of which it says more than is known here."""
    asked = []
    for segment in segments:
        held = log.incarnation_of(tx, segment.incarnation)
        if held is None or held.high < segment.acked:
            asked.append(segment.incarnation)
    return tuple(asked)


def waiting(tx: Connection) -> tuple[int, int | None]:
    """(entries that are only here, when the oldest of them came)"""
    lacks = (ingest_pos.c.seq > func.coalesce(relayed.c.central_high, 0)) & (
        ingest_pos.c.seq > relayed.c.kept_raw
    )
    query = (
        select(func.count(), func.min(ingest_log.c.received_at_ms))
        .select_from(relayed)
        .join(ingest_pos, (ingest_pos.c.incarnation == relayed.c.incarnation) & lacks)
        .join(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
    )
    count, oldest = tx.execute(query).one()
    return count + aside.waiting(tx), oldest


def any_unasked(tx: Connection) -> bool:
    return tx.scalar(select(relayed.c.till_id).where(relayed.c.central_high.is_(None)).limit(1)) is not None


def unsent(tx: Connection) -> list[bytes]:
    """Journals of which the central server, once asked, lacks something that is here."""
    return [
        bytes(row.incarnation)
        for row in _journals(tx)
        if row.central_high is not None and row.high > _passed_on(row)
    ]


def next_batch(tx: Connection, id: bytes, most: int, most_bytes: int) -> ToPassOn | None:
    """What follows on the central server's head, as the till sealed it; None where nothing does."""
    row = next((one for one in _journals(tx) if one.incarnation == id), None)
    if row is None or row.central_high is None:
        return None
    first = _passed_on(row) + 1
    found: list[Row[Any]] = []
    size = 0
    for entry in tx.execute(entries.held(id, first, most)):
        if entry.seq != first + len(found) or (found and size + len(entry.body) > most_bytes):
            break
        found.append(entry)
        size += len(entry.body)
    if not found:
        return None
    return ToPassOn(row.device_id, entries.as_push(tx, id, found, bytes(row.central_hash)))


Hashes = Mapping[int, bytes]
"""What the central server has at entries of a journal that are here, by sequence; empty for another's."""


def to_compare(tx: Connection, id: bytes, high: int) -> int | None:
    """The last entry that is here, where the central server is further and may have come there another way."""
    last = _last_held(tx, id)
    return last if last is not None and last < high else None


def to_search(tx: Connection, id: bytes, high: int, digest: bytes, theirs: Hashes) -> tuple[int, ...]:
    """Where what is here has parted from the central server's journal: places that tell how far both are the same."""
    held = log.incarnation_of(tx, id)
    if held is None or not _compare(tx, id, held, high, digest if high else START, theirs).parted:
        return ()
    is_here = (ingest_pos.c.incarnation == id) & ingest_pos.c.ingest_id.is_not(None)
    query = select(ingest_pos.c.seq).where(is_here, ingest_pos.c.seq <= high)
    seqs = tx.scalars(query.order_by(ingest_pos.c.seq.desc())).all()
    return tuple(reversed(seqs[:: -(-len(seqs) // MAX_PROBES) or 1]))


def settle(
    tx: Connection, id: bytes, high: int, digest: bytes, safe_through: int, theirs: Hashes | None = None
) -> bool:
    """The central server holds the journal up to `high`. Whether what is here goes on from there.

    A server that went back may have lost its raw frames too: they are brought again. Where it does not go on, the
    server's word holds from now on, and the tills send anew what is missing between; until
    then the hub holds back what lies behind the gap. What parts from the server's journal may be nowhere else, where a
    till was put back or is gone: it is put among the raw frames. `theirs` is None where the central server does not
    compare: of that nothing counts as safe.
    """
    last = to_compare(tx, id, high)
    if theirs is not None and last is not None and last not in theirs:
        return False  # a till brought something meanwhile; it is compared the next time
    tx.execute(delete(ingest_queue))  # nothing is booked here
    digest = digest if high else START
    said = {"central_high": high, "central_hash": digest}
    ours = relayed.c.incarnation == id
    went_back = update(relayed).where(ours & (relayed.c.central_high > high)).values(kept_raw=0)
    if tx.execute(went_back).rowcount:
        aside.bring_again(tx)
    tx.execute(update(relayed).where(ours).values(said))
    held = log.incarnation_of(tx, id)
    if held is None:
        _begin(tx, id, high, digest, safe_through)
        return True
    fits, parted = _compare(tx, id, held, high, digest, theirs)
    if parted:
        shared = _shared(tx, id, theirs or {})
        aside.put(tx, id, entries.one_by_one(tx, id, shared))
        tx.execute(delete(ingest_pos).where(ingest_pos.c.incarnation == id, ingest_pos.c.seq > shared))
    if not (fits and gaps.is_whole(tx, id, high, held.high)):
        gaps.stand_at(tx, id, high, digest, 0)
        gaps.close(tx, id)
        if high < held.high:
            tx.execute(update(relayed).where(relayed.c.incarnation == id).values(kept_raw=0))
    safe = 0 if theirs is None and last is not None else min(safe_through, high)
    tx.execute(update(incarnation).where(incarnation.c.incarnation == id).values(safe_through=safe))
    return fits


def single_entries(push: Push) -> Iterator[Push]:
    """The same entries, each as a batch of its own."""
    prev = push.prev
    for at in chain.stamp(push):
        digest = push.head_hash if at.entry is push.entries[-1] else at.hash
        yield structs.replace(push, first_seq=at.seq, prev=prev, entries=(at.entry,), head_hash=digest)
        prev = digest


def spoilt_at(tx: Connection, push: Push) -> int | None:
    """The first entry that is not, any more, what the till brought; None where it came like that."""
    for one in single_entries(push):
        where = (ingest_pos.c.incarnation == push.incarnation) & (ingest_pos.c.seq == one.first_seq)
        held = tx.execute(select(ingest_pos.c.hash, ingest_pos.c.chain_ok).where(where)).one_or_none()
        if held is None or not held.chain_ok:
            return None
        if chain.stamp(one)[0].hash != held.hash:
            return one.first_seq
    return None


def forget_from(tx: Connection, id: bytes, seq: int) -> None:
    """The tills send it anew."""
    gone = (ingest_pos.c.incarnation == id) & (ingest_pos.c.seq >= seq)
    facts = select(ingest_pos.c.ingest_id).where(gone, ingest_pos.c.ingest_id.is_not(None))
    numbers = tx.scalars(facts).all()
    row = tx.execute(select(relayed).where(relayed.c.incarnation == id)).one()
    before = log.hash_at(tx, id, seq - 1) or bytes(row.central_hash or START)
    tx.execute(delete(ingest_pos).where(gone))
    tx.execute(delete(ingest_log).where(ingest_log.c.ingest_id.in_(numbers)))
    log.advance(tx, id, seq - 1, before, 0)


def passed_on_raw(tx: Connection, id: bytes, seq: int) -> None:
    later = (relayed.c.incarnation == id) & (relayed.c.kept_raw < seq)
    tx.execute(update(relayed).where(later).values(kept_raw=seq))


def _journals(tx: Connection) -> list[Row[Any]]:
    columns = (relayed, incarnation.c.high, incarnation.c.head_hash)
    query = select(*columns).join(incarnation, incarnation.c.incarnation == relayed.c.incarnation)
    return list(tx.execute(query.order_by(relayed.c.incarnation)))


def _passed_on(row: Row[Any]) -> int:
    return max(int(row.central_high or 0), int(row.kept_raw))


def _learn_parent(tx: Connection, push: Push) -> None:
    """Of a journal that is here by the central server's word, which does not speak of parents."""
    where = (incarnation.c.incarnation == push.incarnation) & incarnation.c.parent.is_(None)
    if push.parent is not None:
        said = {
            "parent": push.parent,
            "parent_seq": push.parent_seq,
            "parent_hash": push.parent_hash,
        }
        tx.execute(update(incarnation).where(where).values(said))


def _goes_on(tx: Connection, id: bytes, held: log.Incarnation, high: int, digest: bytes) -> bool:
    ours = log.hash_at(tx, id, high) if high else None
    if ours is not None:
        return ours == digest
    if high > held.high:
        return True
    if high == held.high:
        return high == 0 or held.head_hash == digest
    return _chains_to(tx, id, high, digest)


def _last_held(tx: Connection, id: bytes) -> int | None:
    is_here = (ingest_pos.c.incarnation == id) & ingest_pos.c.ingest_id.is_not(None)
    last: int | None = tx.scalar(select(func.max(ingest_pos.c.seq)).where(is_here))
    return last


class _Comparison(NamedTuple):
    """`fits`: what is here goes on from the central server's; `parted`: it is something else."""

    fits: bool
    parted: bool


def _compare(
    tx: Connection, id: bytes, held: log.Incarnation, high: int, digest: bytes, theirs: Hashes | None
) -> _Comparison:
    is_same = _is_same(tx, id, to_compare(tx, id, high), theirs or {})
    fits = is_same and _goes_on(tx, id, held, high, digest)
    return _Comparison(fits, not fits and not (is_same and gaps.begins_behind(tx, id, high)))


def _is_same(tx: Connection, id: bytes, last: int | None, theirs: Hashes) -> bool:
    return last is None or last not in theirs or log.hash_at(tx, id, last) == theirs[last]


def _shared(tx: Connection, id: bytes, theirs: Hashes) -> int:
    """How far both are known to be the same journal: a hash vouches for everything before it."""
    ours = log.hashes_at(tx, id, list(theirs))
    return max((seq for seq, digest in theirs.items() if digest and ours.get(seq) == digest), default=0)


def _chains_to(tx: Connection, id: bytes, high: int, digest: bytes) -> bool:
    """The entry at `high` itself is not here: does the next one say that it follows on it?"""
    first = tx.execute(entries.held(id, high + 1, 1)).first()
    if first is None or first.seq != high + 1:
        return False
    return entries.follows(id, first, digest if high else entries.beginning(tx, id))


def _begin(tx: Connection, id: bytes, high: int, digest: bytes, safe_through: int) -> None:
    """As the central server knows it, from where the till goes on."""
    row = tx.execute(select(relayed).where(relayed.c.incarnation == id)).one()
    tx.execute(
        insert(incarnation).values(
            incarnation=id,
            till_id=row.till_id,
            store_id=row.till_id.rpartition("-")[0],
            device_id=row.device_id,
            parent_seq=0,
            parent_hash=b"",
            high=0,
            head_hash=START,
            state=log.ACTIVE,
            safe_through=min(safe_through, high),
            last_received_ms=0,
        )
    )
    gaps.stand_at(tx, id, high, digest, 0)
