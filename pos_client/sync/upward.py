"""The upward turn: does for the push core what it asks for, with the journal and the server."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from pos_client.sync.outcomes import Failure, LocalFault, Refused, Reply, in_words
from pos_client.sync.ports import Outbox
from pos_client.sync.push import PushCore
from pos_client.sync.push_messages import (
    Acknowledge,
    AllSent,
    Answered,
    CompareHashes,
    Diverged,
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
    Reincarnate,
    Reincarnated,
    SayHello,
    SendPush,
    SendRaw,
    Trouble,
    TryFailed,
    Wait,
)
from pos_client.sync.server_port import Server
from pos_client.sync.status import StatusBoard
from pos_client.sync.vouching import Vouching
from pos_client.till.ports import Clock
from shared_models.errors import ShopError
from shared_models.sync_api import FeedVerdict, Hello, PushReply, SegmentState

log = logging.getLogger(__name__)

MakeHello = Callable[[tuple[SegmentState, ...]], Hello]
HeardFeeds = Callable[[tuple[FeedVerdict, ...]], None]
Stopping = Callable[[], bool]
REST_AFTER_FAULT_S = 5.0
_WHY = {
    "restored": "This till's database was put back from an older copy.",
    "foreign": "This till's files were copied from another till.",
}
_TWO = "This till's journal went on elsewhere: a copy was put back, or two machines run as this till."
NEW_SERIES = "{} A new receipt series began; every sale is kept. Tell head office."


class Upward:
    """One thread calls `turn`; once `stopping` says so, the journal is not touched any more."""

    def __init__(
        self,
        core: PushCore,
        server: Server,
        outbox: Outbox,
        board: StatusBoard,
        clock: Clock,
        make_hello: MakeHello,
        heard_feeds: HeardFeeds,
        stopping: Stopping,
        vouching: Vouching | None = None,
    ) -> None:
        self._core = core
        self._vouching = vouching or Vouching()
        self._server = server
        self._outbox = outbox
        self._board = board
        self._clock = clock
        self._make_hello = make_hello
        self._heard_feeds = heard_feeds
        self._stopping = stopping
        self._was_poked = False
        self._was_doubted = False

    def doubted(self) -> None:
        """The line may be gone; callable from any thread, and found out at the next turn."""
        self._was_doubted = True

    def poked(self) -> None:
        """The server was heard of; callable from any thread, and counts from the next turn on."""
        self._was_poked = True

    def turn(self) -> float:
        """Everything that can be sent now; the seconds until there may be more."""
        try:
            return self._turn()
        except ShopError as reason:
            code, message = in_words(LocalFault(reason.message))
            self._board.change(code=code, message=message)
            return REST_AFTER_FAULT_S

    def _turn(self) -> float:
        todo: deque[PushOutbound] = deque([Look()])
        if self._was_poked:
            self._was_poked = False
            todo = deque(self._core.step(self._now_ms(), Poked()))
        elif self._was_doubted:
            self._was_doubted = False
            todo = deque(self._core.step(self._now_ms(), Doubted()))
        while todo and not self._stopping():
            said = todo.popleft()
            if isinstance(said, Wait):
                return max(0.0, (said.until_ms - self._now_ms()) / 1000)
            inbound = self._perform(said)
            if inbound is not None and not self._stopping():
                todo.extend(self._core.step(self._now_ms(), inbound))
        return 0.0

    def _perform(self, said: PushOutbound) -> PushInbound | None:
        match said:
            case Look():
                return Looked(self._outbox.segments())
            case ReadEntries():
                return self._numbered(said.number, lambda: self._read(said))
            case SayHello():
                return self._numbered(said.number, lambda: self._hello(said.number))
            case SendPush():
                self._board.change(all_sent=False)
                return self._numbered(said.number, lambda: self._push(said))
            case SendRaw():
                return self._numbered(said.number, lambda: self._push_raw(said))
            case CompareHashes():
                return self._numbered(said.number, lambda: self._compare(said))
            case Reincarnate():
                return self._numbered(said.number, lambda: self._reincarnate(said))
            case Acknowledge():
                checkpoint = self._vouching.for_acknowledgement(said.incarnation, said.high)
                self._outbox.acknowledge(said.incarnation, said.high, said.safe_through, checkpoint)
            case AllSent():
                self._board.change(all_sent=True)
            case Noted():
                for note in said.notes:
                    log.info("entry %s: %s, %s", note.event_id.hex(), note.kind, note.reason)
            case Diverged():
                self._board.change(diverged=True, code="diverged", message=said.message)
            case Trouble():
                self._board.change(code=said.code, message=said.message)
            case Wait():
                raise AssertionError("a wait ends the turn")
        return None

    def _numbered(self, number: int, work: Callable[[], PushInbound]) -> PushInbound:
        """The core is owed an inbound for every number, also when this machine or this program fails."""
        try:
            return work()
        except ShopError as reason:
            return TryFailed(number, LocalFault(reason.message))
        except Exception:
            if not self._stopping():
                log.exception("sending failed by a bug; it is tried again")
            return TryFailed(number, LocalFault("a fault in the till program"))

    def _read(self, said: ReadEntries) -> PushInbound:
        entries = self._outbox.entries(said.incarnation, said.after_seq, said.limit, said.max_bytes)
        return EntriesRead(said.number, tuple(entries))

    def _hello(self, number: int) -> PushInbound:
        segments = self._outbox.segments()
        began_ms = self._clock.now().at_ms
        outcome = self._server.hello(self._make_hello(segments))
        if not isinstance(outcome, Reply) or self._stopping():
            return self._no_answer(number, outcome)
        ended_ms = self._clock.now().at_ms
        offset_ms = outcome.value.server_time_ms - (began_ms + ended_ms) // 2
        self._outbox.note_clock(offset_ms)
        self._heard(clock_offset_ms=offset_ms, diverged=False)
        self._heard_feeds(outcome.value.feeds)
        self._vouching.greeted(outcome.value)
        ends = (self._end(verdict.incarnation, verdict.high) for verdict in outcome.value.segments)
        return Greeted(number, outcome.value, tuple(end for end in ends if end.head_seq))

    def _push(self, said: SendPush) -> PushInbound:
        outcome = self._server.push(said.push)
        if not isinstance(outcome, Reply) or self._stopping():
            return self._no_answer(said.number, outcome)
        return self._answered(said.number, outcome.value)

    def _push_raw(self, said: SendRaw) -> PushInbound:
        outcome = self._server.push_raw(said.push, said.reason)
        if not isinstance(outcome, Reply) or self._stopping():
            return self._no_answer(said.number, outcome)
        if outcome.value is None:
            self._heard()
            return RawStored(said.number)
        return self._answered(said.number, outcome.value)

    def _answered(self, number: int, reply: PushReply) -> Answered:
        self._heard()
        self._vouching.answered(reply)
        return Answered(number, reply, self._end(reply.incarnation, reply.high))

    def _compare(self, said: CompareHashes) -> PushInbound:
        outcome = self._server.hashes(said.incarnation, said.seqs)
        if not isinstance(outcome, Reply) or self._stopping():
            return self._no_answer(said.number, outcome)
        self._heard()
        theirs = zip(said.seqs, outcome.value.hashes, strict=False)
        ours = ((seq, hash, self._outbox.entry_hash(said.incarnation, seq)) for seq, hash in theirs)
        return HashesCompared(said.number, tuple(seq for seq, hash, own in ours if own and hash == own))

    def _reincarnate(self, said: Reincarnate) -> PushInbound:
        self._outbox.reincarnate(said.incarnation, said.common, said.reason)
        log.warning("a new incarnation begins after entry %d: %s", said.common, said.reason)
        self._board.change(diverged=False, notice=NEW_SERIES.format(_WHY.get(said.reason, _TWO)))
        return Reincarnated(said.number)

    def _no_answer(self, number: int, outcome: Reply[Any] | Failure) -> TryFailed:
        if isinstance(outcome, Reply):
            outcome = LocalFault("the till is shutting down")
        self._board.change(online=isinstance(outcome, Refused))
        return TryFailed(number, outcome)

    def _heard(self, **also: Any) -> None:
        if not (self._core.diverged and "diverged" not in also):
            also = {"code": "", "message": "", **also}
        self._board.change(online=True, last_contact_ms=self._clock.now().at_ms, **also)

    def _end(self, incarnation: bytes, high: int) -> LocalEnd:
        heads = {state.incarnation: state.head_seq for state in self._outbox.segments()}
        head = heads.get(incarnation, 0)
        known = self._outbox.entry_hash(incarnation, high) if 0 < high <= head else None
        return LocalEnd(incarnation, head, known)

    def _now_ms(self) -> int:
        return self._clock.monotonic_ms()
