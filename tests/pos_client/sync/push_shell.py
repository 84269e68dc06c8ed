"""Drives the push core by hand: a model till, a model server, and a line that does what a script says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from pos_client.sync.outcomes import Refused, Unreachable
from pos_client.sync.push import PushCore
from pos_client.sync.push_messages import (
    Acknowledge,
    Answered,
    CompareHashes,
    EntriesRead,
    Greeted,
    HashesCompared,
    LocalEnd,
    Look,
    Looked,
    PushInbound,
    PushOutbound,
    RawStored,
    ReadEntries,
    Reincarnate,
    Reincarnated,
    SayHello,
    SendPush,
    SendRaw,
    TryFailed,
    Wait,
)
from shared_models.protocol import PROTOCOL
from shared_models.sync_api import Hello, PushReply
from tests.pos_client.sync.model_server import ModelServer, ServerCrashed
from tests.pos_client.sync.model_till import ModelTill

Request = SayHello | SendPush | SendRaw | CompareHashes
Line = Callable[[int], str]
"""line(n) -> what happens to the n-th request: ok, doubled, lost answer, or a key of LOST."""
LOST = {
    "no line": Unreachable("refused"),
    "lost request": Unreachable("cut", sent=True),
    "lost answer": Unreachable("cut", sent=True),
    "time-out": Unreachable("no answer in time", sent=True, timed_out=True),
    "404": Refused(404),
    "413": Refused(413),
    "401": Refused(401),
    "503": Refused(503),
    "429": Refused(429, retry_after_ms=7_000),
    "busy": Refused(503, retry_after_ms=3_000),
}


def all_is_well(_: int) -> str:
    return "ok"


class PushShell:
    """Time passes only by waiting."""

    def __init__(self, till: ModelTill, server: ModelServer, line: Line = all_is_well) -> None:
        self.core = PushCore(jitter=lambda ceiling: ceiling)
        self.till, self.server, self.line = till, server, line
        self.now_ms = 0
        self.said: list[PushOutbound] = []
        self.sent: list[SendPush | SendRaw] = []
        self.steps_past_raw: bool | None = True
        self.cannot_compare = False
        self._requests = 0
        self.last_request_ms = 0

    def run(self, most_turns: int = 10_000, until_ms: int = 1 << 60) -> None:
        """Until everything that may be sent is, or the time is over."""
        for _ in range(most_turns):
            if self.now_ms >= until_ms or not self.turn():
                return
        raise AssertionError("the till never came to rest")

    def turn(self) -> bool:
        """From one look to the next wait; False when there is nothing left to send."""
        todo = deque(self.core.step(self.now_ms, Looked(self.till.segments())))
        while todo:
            said = todo.popleft()
            self.said.append(said)
            if isinstance(said, Wait):
                sent_all = "AllSent" in [type(s).__name__ for s in self.said[-2:]]
                resting = sent_all or self._only_forks_left()
                self.now_ms = max(self.now_ms, said.until_ms)
                return not resting
            for inbound in self._perform(said):
                todo.extend(self.core.step(self.now_ms, inbound))
        raise AssertionError("the core neither waits nor works")

    def _only_forks_left(self) -> bool:
        return self.core.diverged and not any(self.core._may_send(s) for s in self.till.segments())

    def _perform(self, said: PushOutbound) -> Iterator[PushInbound]:
        match said:
            case Look():
                yield Looked(self.till.segments())
            case ReadEntries():
                found = self.till.entries(said.incarnation, said.after_seq, said.limit, said.max_bytes)
                yield EntriesRead(said.number, tuple(found))
            case Acknowledge():
                self.till.acknowledge(said.incarnation, said.high, said.safe_through)
            case Reincarnate():
                self.till.reincarnate(said.incarnation, said.common, said.reason)
                yield Reincarnated(said.number)
            case SayHello() | SendPush() | SendRaw() | CompareHashes():
                yield from self._request(said)
            case _:
                pass

    def _request(self, said: Request) -> Iterator[PushInbound]:
        self._requests += 1
        self.last_request_ms = self.now_ms
        fate = "404" if self.cannot_compare and isinstance(said, CompareHashes) else self.line(self._requests)
        if isinstance(said, SendPush | SendRaw):
            self.sent.append(said)
        if fate in ("no line", "lost request", "time-out", "404", "413", "401", "503", "429", "busy"):
            yield TryFailed(said.number, LOST[fate])
            return
        try:
            answer = self._served(said)
        except ServerCrashed:
            yield TryFailed(said.number, Unreachable("cut", sent=True))
            return
        if fate == "lost answer":
            yield TryFailed(said.number, LOST[fate])
            return
        yield answer
        if fate == "doubled":
            self._served(said)
            yield answer

    def _served(self, said: Request) -> PushInbound:
        if isinstance(said, SayHello):
            reply = self.server.hello(hello_of(self.till))
            ends = tuple(self.end(v.incarnation, v.high) for v in reply.segments)
            return Greeted(said.number, reply, ends)
        if isinstance(said, CompareHashes):
            held = zip(said.seqs, self.server.hashes(said.incarnation, said.seqs).hashes, strict=True)
            own = self.till.entry_hash
            return HashesCompared(
                said.number, tuple(seq for seq, hash in held if own(said.incarnation, seq) == hash)
            )
        if isinstance(said, SendPush):
            return self.answered(said.number, self.server.push(said.push))
        raw = self.server.push_raw(said.push, self.steps_past_raw is not False)
        if raw is None:
            return RawStored(said.number)
        return self.answered(said.number, raw)

    def answered(self, number: int, reply: PushReply) -> Answered:
        return Answered(number, reply, self.end(reply.incarnation, reply.high))

    def end(self, incarnation: bytes, high: int) -> LocalEnd:
        state = next(s for s in self.till.segments() if s.incarnation == incarnation)
        return LocalEnd(incarnation, state.head_seq, self.till.entry_hash(incarnation, high))

    def of_kind(self, kind: type[PushOutbound]) -> list[PushOutbound]:
        return [said for said in self.said if isinstance(said, kind)]


def hello_of(till: ModelTill) -> Hello:
    return Hello(
        device_id="d",
        till_id="t",
        protocol=PROTOCOL,
        app="",
        feed_schema=1,
        till_time_ms=0,
        segments=till.segments(),
        feeds=(),
    )
