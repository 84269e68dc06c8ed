"""Facts on their way up: the core that decides what to send, what an answer means, and when to try again.

It reads no clock, opens nothing, and rolls no dice of its own. The rules of an answer {high, hash}:
equal hashes acknowledge everything up to `high`, also when that is less than before (a server restored from
a backup is healed by sending again); a `high` past the till's head, or another hash, is a fork: the last common
entry is looked for, the incarnation is left there, and what came after it is sent in another one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pos_client.sync.back_off import BackOff, Jitter, patience
from pos_client.sync.forks import Forks, Said
from pos_client.sync.outcomes import Failure, LocalFault, Nonsense, Refused, Unreachable, in_words
from pos_client.sync.push_messages import (
    Acknowledge,
    AllSent,
    Answered,
    Doubted,
    EntriesRead,
    Greeted,
    HashesCompared,
    LocalEnd,
    Look,
    Looked,
    Noted,
    Poked,
    PushInbound,
    PushOutbound,
    RawStored,
    ReadEntries,
    Reincarnated,
    SayHello,
    SendPush,
    SendRaw,
    Trouble,
    TryFailed,
    Wait,
)
from shared_models.journal import Entry
from shared_models.sync_api import Limits, Push, SegmentState, WireEntry

MOST_ENTRIES = 512
MOST_BYTES = 1 << 20
HELLO_EVERY_MS = 600_000
TRIES_BEFORE_BISECTING = 3
HASH_BYTES = 32
_NOBODY = (b"", 0)
_ABOUT_THE_TILL = frozenset({401, 403, 408, 426, 429})
"""Refusals that say nothing about the batch."""

Steps = tuple[PushOutbound, ...]


class PushCore:
    """One request in flight at most. Feed it with `step`, do what comes out in order, feed it the answer."""

    def __init__(self, jitter: Jitter) -> None:
        self._back_off = BackOff(jitter)
        self._most = MOST_ENTRIES
        self._most_bytes = MOST_BYTES
        self._limits = Limits(batch_entries=MOST_ENTRIES, batch_bytes=MOST_BYTES)
        self._last_number = 0
        self._in_flight: int | None = None
        self._segment: SegmentState | None = None
        self._batch: Push | None = None
        self._tries = 0
        self._raw = False
        self._suspect = _NOBODY
        self._stepped_over: dict[bytes, int] = {}
        self._forks = Forks(jitter)
        self._segments: Sequence[SegmentState] = ()
        self._not_before_ms = 0
        self._a_poke_helps = False
        self._asked_to_wait_until_ms = 0
        self._hello_due_ms: int | None = None

    @property
    def diverged(self) -> bool:
        """Whether some incarnation is kept back."""
        return self._forks.any_kept_back

    def step(self, now_ms: int, inbound: PushInbound) -> Steps:
        """`now_ms` never goes back. An answer to anything but the request in flight is not listened to."""
        if not isinstance(inbound, Looked | Poked | Doubted):
            if inbound.number != self._in_flight:
                return ()
            self._in_flight = None
        match inbound:
            case Looked(segments=segments):
                return self._look(now_ms, segments)
            case EntriesRead(entries=entries):
                return self._entries(now_ms, entries)
            case Greeted():
                return self._greeted(now_ms, inbound)
            case Answered():
                return self._answered(now_ms, inbound)
            case RawStored():
                return self._raw_stored()
            case HashesCompared(alike=alike):
                self._forks.compared(alike)
                return (Look(),)
            case Reincarnated():
                return self._reincarnated(now_ms)
            case TryFailed(failure=failure):
                return self._failed(now_ms, failure)
            case Poked():
                return self._poked(now_ms)
            case Doubted():
                self._hello_due_ms = None
                return (Look(),)

    def _look(self, now_ms: int, segments: Sequence[SegmentState]) -> Steps:
        self._segments = segments
        if self._in_flight is not None:
            return ()
        if now_ms < self._not_before_ms:
            return (Wait(self._not_before_ms),)
        if self._hello_due_ms is None or now_ms >= self._hello_due_ms:
            return (SayHello(self._next_number()),)
        if self._forks.any_to_ask_about:
            return self._forks.next_step(segments, self._next_number)
        segment = next((s for s in segments if self._may_send(s)), None)
        if segment is None:
            return (*self._when_all_is_sent(), Wait(self._hello_due_ms))
        self._segment = segment
        after = self._sent_up_to(segment)
        if self._batch is not None and _starts_at(self._batch, segment.incarnation, after + 1):
            return self._send(self._batch)
        self._forget_batch()
        read = ReadEntries(self._next_number(), segment.incarnation, after, self._most, self._most_bytes)
        return (read,)

    def _may_send(self, segment: SegmentState) -> bool:
        return (
            not self._forks.keeps_back(segment.incarnation) and self._sent_up_to(segment) < segment.head_seq
        )

    def _sent_up_to(self, segment: SegmentState) -> int:
        return max(segment.acked, self._stepped_over.get(segment.incarnation, 0))

    def _when_all_is_sent(self) -> Steps:
        return () if self.diverged or self._stepped_over else (AllSent(),)

    def _entries(self, now_ms: int, entries: Sequence[Entry]) -> Steps:
        assert self._segment is not None
        entries = _unbroken(entries, self._sent_up_to(self._segment) + 1)
        if not entries:
            gap = LocalFault(f"entry {self._sent_up_to(self._segment) + 1} of the journal can't be read")
            return self._failed(now_ms, gap)
        self._batch = push_of(self._segment, entries)
        return self._send(self._batch)

    def _send(self, batch: Push) -> Steps:
        number = self._next_number()
        if self._raw:
            return (SendRaw(number, batch, "the server failed on it again and again"),)
        return (SendPush(number, batch),)

    def _greeted(self, now_ms: int, greeted: Greeted) -> Steps:
        ends = {end.incarnation: end for end in greeted.ends}
        steps: list[PushOutbound] = []
        for verdict in greeted.reply.segments:
            end = ends.get(verdict.incarnation)
            if end is None:
                continue
            wrong = _nonsense(verdict.high, verdict.hash)
            if wrong:
                return self._failed(now_ms, Nonsense(wrong))
            if verdict.state == "foreign":
                steps += self._forks.foreign(end, self._acked(end.incarnation))
                continue
            steps += self._judge(end, verdict.high, verdict.hash, verdict.safe_through)
        self._hello_due_ms = now_ms + HELLO_EVERY_MS
        self._heard(now_ms, greeted.reply.limits, 0)
        return (*steps, Look())

    def _answered(self, now_ms: int, answered: Answered) -> Steps:
        reply, batch, segment = answered.reply, self._batch, self._segment
        assert batch is not None
        assert segment is not None
        wrong = _nonsense(reply.high, reply.hash)
        if reply.incarnation != batch.incarnation:
            wrong = "it answered for another journal"
        if wrong:
            return self._failed(now_ms, Nonsense(wrong))
        steps = self._judge(answered.end, reply.high, reply.hash, reply.safe_through)
        notes = (Noted(reply.notes),) if reply.notes else ()
        stood_still = batch.first_seq > reply.high >= segment.acked
        if stood_still and not self._forks.keeps_back(batch.incarnation):
            self._stepped_over.pop(batch.incarnation, None)
            return (*steps, *notes, *self._failed(now_ms, Nonsense("it stored nothing of what was sent")))
        if reply.high >= _last_seq(batch):
            self._grow()
        self._forget_batch()
        self._heard(now_ms, reply.limits, reply.retry_after_ms)
        return (*steps, *notes, Look())

    def _judge(self, end: LocalEnd, high: int, digest: bytes, safe_through: int) -> Steps:
        """The three rules; `high` 0 says that the server holds nothing, which agrees with every journal."""
        if high == 0 or (high <= end.head_seq and end.hash_at_high == digest):
            self._forks.agrees(end.incarnation, moves_on=high > 0 and self._is_current(end.incarnation))
            if self._stepped_over.get(end.incarnation, 0) <= high:
                self._stepped_over.pop(end.incarnation, None)
        elif high > end.head_seq and self._forks.is_settled(end, Said(high, digest)):
            high = end.head_seq
        else:
            return self._forks.found(end, Said(high, digest))
        return (Acknowledge(end.incarnation, high, max(0, min(safe_through, high))),)

    def _is_current(self, incarnation: bytes) -> bool:
        return bool(self._segments) and self._segments[-1].incarnation == incarnation

    def _acked(self, incarnation: bytes) -> int:
        return next((one.acked for one in self._segments if one.incarnation == incarnation), 0)

    def _reincarnated(self, now_ms: int) -> Steps:
        left, wait_ms = self._forks.left()
        self._stepped_over.pop(left, None)
        self._forget_batch()
        self._not_before_ms = now_ms + wait_ms
        return (Look(),)

    def _raw_stored(self) -> Steps:
        assert self._batch is not None
        self._stepped_over[self._batch.incarnation] = _last_seq(self._batch)
        self._forget_batch()
        self._back_off.succeeded()
        return (Look(),)

    def _failed(self, now_ms: int, failure: Failure) -> Steps:
        asked_ms = failure.retry_after_ms if isinstance(failure, Refused) else 0
        self._a_poke_helps = _is_the_servers_own(failure)
        self._asked_to_wait_until_ms = now_ms + patience(asked_ms)
        if isinstance(failure, Unreachable):
            self._hello_due_ms = None
        self._forks.failed(failure)
        if self._batch is not None and (_is_too_much(failure) or _may_be_the_batch(failure)):
            self._reconsider(self._batch, _is_too_much(failure))
        self._not_before_ms = now_ms + self._back_off.failed(asked_ms)
        return (Trouble(*in_words(failure)), Wait(self._not_before_ms))

    def _reconsider(self, batch: Push, too_much: bool) -> None:
        """Too much is halved at once; what fails three times is halved until the culprit stands alone.

        Once a range is under suspicion its parts are tried once each, without ever longer waits: what stands behind
        the culprit shall not wait an hour for it.
        """
        self._tries += 1
        suspected = self._is_suspect(batch)
        worn_out = suspected or self._tries >= TRIES_BEFORE_BISECTING
        if len(batch.entries) > 1 and (too_much or worn_out):
            self._most = len(batch.entries) // 2
            if too_much:
                self._most_bytes = max(1, self._most_bytes // 2)
            else:
                self._back_off.succeeded()
                self._suspect = (
                    batch.incarnation,
                    max(_last_seq(batch), self._suspect[1] if suspected else 0),
                )
            self._forget_batch()
        elif len(batch.entries) == 1 and worn_out:
            self._suspect = _NOBODY if self._raw else self._suspect
            self._raw, self._tries = not self._raw, 0

    def _is_suspect(self, batch: Push) -> bool:
        incarnation, last_seq = self._suspect
        return batch.incarnation == incarnation and batch.first_seq <= last_seq

    def _forget_batch(self) -> None:
        self._batch, self._tries, self._raw = None, 0, False

    def _grow(self) -> None:
        self._most = min(self._limits.batch_entries, self._most * 2)
        self._most_bytes = min(self._limits.batch_bytes, self._most_bytes * 2)

    def _heard(self, now_ms: int, limits: Limits, retry_after_ms: int) -> None:
        """The server answered properly: its limits hold from now on, within ours."""
        self._back_off.succeeded()
        self._a_poke_helps = False
        self._limits = Limits(
            batch_entries=max(1, min(MOST_ENTRIES, limits.batch_entries)),
            batch_bytes=max(1, min(MOST_BYTES, limits.batch_bytes)),
        )
        self._most = min(self._most, self._limits.batch_entries)
        self._most_bytes = min(self._most_bytes, self._limits.batch_bytes)
        self._not_before_ms = now_ms + patience(max(retry_after_ms, limits.min_gap_ms))

    def _poked(self, now_ms: int) -> Steps:
        if self._a_poke_helps and self._in_flight is None:
            self._back_off.succeeded()
            self._not_before_ms = max(now_ms, self._asked_to_wait_until_ms)
        return (Look(),)

    def _next_number(self) -> int:
        self._last_number += 1
        self._in_flight = self._last_number
        return self._last_number


def push_of(segment: SegmentState, entries: Sequence[Entry]) -> Push:
    """The one message for these entries: a retry of the same range is the same bytes."""
    assert entries
    assert entries[0].incarnation == segment.incarnation
    return Push(
        incarnation=segment.incarnation,
        first_seq=entries[0].seq,
        prev=entries[0].prev,
        entries=tuple(
            WireEntry(
                event_id=entry.event_id,
                type=entry.type,
                schema=entry.schema,
                body=entry.body,
                signature=entry.signature,
                algorithm=entry.algorithm,
            )
            for entry in entries
        ),
        head_hash=entries[-1].hash,
        parent=segment.parent,
        parent_seq=segment.parent_seq,
        parent_hash=segment.parent_hash,
    )


def _unbroken(entries: Sequence[Entry], first_seq: int) -> Sequence[Entry]:
    whole = 0
    while whole < len(entries) and entries[whole].seq == first_seq + whole:
        whole += 1
    return entries[:whole]


def _last_seq(batch: Push) -> int:
    return batch.first_seq + len(batch.entries) - 1


def _starts_at(batch: Push, incarnation: bytes, seq: int) -> bool:
    return batch.incarnation == incarnation and batch.first_seq == seq


def _nonsense(high: int, digest: bytes) -> str:
    if high < 0:
        return f"it claims to hold {high} entries"
    if high > 0 and len(digest) != HASH_BYTES:
        return f"its hash has {len(digest)} bytes, not {HASH_BYTES}"
    return ""


def _is_the_servers_own(failure: Failure) -> bool:
    """Gone once the server is well again: it could not be reached, or failed."""
    match failure:
        case Unreachable():
            return True
        case Refused(status=status):
            return status >= 500
    return False


def _is_too_much(failure: Failure) -> bool:
    match failure:
        case Refused(status=413) | Unreachable(sent=True, timed_out=True):
            return True
    return False


def _may_be_the_batch(failure: Failure) -> bool:
    """Whether the entries themselves may be why: a server that crashes on one of them just hangs up."""
    match failure:
        case Refused(status=503, retry_after_ms=asked_ms) if asked_ms:
            return False  # too busy for anybody
        case Refused(status=status):
            return status not in _ABOUT_THE_TILL
        case Unreachable(sent=sent):
            return sent
        case Nonsense():
            return True
        case LocalFault():
            return False
