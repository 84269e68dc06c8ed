"""The till's `Server` port over a simulated line: packs and unpacks the same bytes as the one over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pos_client.sync.outcomes import Failure, Nonsense, Reply, Unreachable
from pos_client.sync.server_port import BlobSink
from shared_models import wire
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import (
    Enrolled,
    EnrolRequest,
    HashesReply,
    HashesRequest,
    Hello,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
)
from sync_server.sync_messages import TillIdentity
from tests.simulation.chance import Chance
from tests.simulation.network import Line, Request

M = TypeVar("M")
_PIECE = 4096


class DistantServer:
    """Implements `sync.server_port.Server`; the till is logged in for good."""

    def __init__(self, line: Line, who: TillIdentity, chance: Chance) -> None:
        self._line = line
        self._who = who
        self._chance = chance

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled] | Failure:
        raise AssertionError("simulated tills are enrolled beforehand")

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure:
        return self._ask(HelloReply, Request("hello", self._who, wire.pack(hello)))

    def push(self, push: Push) -> Reply[PushReply] | Failure:
        return self._ask(PushReply, Request("push", self._who, wire.pack(push)))

    def push_raw(self, push: Push, reason: str) -> Reply[PushReply | None] | Failure:
        outcome = self._line.ask(Request("push_raw", self._who, wire.pack(push), (reason,)))
        if not isinstance(outcome, Reply):
            return outcome
        return message(outcome, PushReply) if outcome.value else Reply(None)

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> Reply[HashesReply] | Failure:
        asked = HashesRequest(incarnation=incarnation, seqs=tuple(seqs))
        return self._ask(HashesReply, Request("hashes", self._who, wire.pack(asked)))

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure:
        return self._ask(FeedPage, Request("feed", self._who, asked=(stream, epoch, after, limit)))

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        return self._ask(SnapshotManifest, Request("snapshot", self._who, asked=(store_id,)))

    def blob(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        """May be cut anywhere: what came until then is kept."""
        outcome = self._line.ask(Request("blob", self._who, asked=(sha256, offset)))
        if not isinstance(outcome, Reply):
            return outcome
        sink.start_at(offset)
        whole = len(outcome.value)
        cut_at = whole if self._line.calm else self._chance.between(0, 4 * whole)
        for start in range(0, min(cut_at, whole), _PIECE):
            if not sink.write(outcome.value[start : min(start + _PIECE, cut_at)]):
                return Unreachable("the download was broken off", sent=True)
        if cut_at < whole:
            return Unreachable("cut", sent=True)
        return Reply(whole)

    def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
        """At once: the wait for news is the till's rest, and hints in between are told to it directly."""
        return self._ask(Poke, Request("poke", self._who, asked=(tuple(have),)))

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _ask(self, kind: type[M], request: Request) -> Reply[M] | Failure:
        outcome = self._line.ask(request)
        return message(outcome, kind) if isinstance(outcome, Reply) else outcome


def message(answer: Reply[bytes], kind: type[M]) -> Reply[M] | Failure:
    """As `server_api` judges an answer."""
    if answer.value.lstrip()[:1] == b"<":
        return Nonsense("a web page, not Evertill's server")
    try:
        return Reply(wire.unpack(answer.value, kind))
    except wire.MalformedMessage as reason:
        return Nonsense(reason.message)
