"""The central server as the hub meets it over a simulated line: the same bytes as over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pos_client.sync.outcomes import Refused, Reply, Unreachable
from shared_models import wire
from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import HashesReply, HashesRequest, Poke, Push, PushReply, SnapshotManifest
from sync_server.feed.service import MAX_PAGE
from sync_server.store_hub.central import CentralAway, CentralRefused
from sync_server.sync_messages import HubIdentity, TillIdentity
from tests.simulation.network import Line, Request
from tests.simulation.scheduler import LineOfWork, Scheduler

M = TypeVar("M")
_HINT_WITHIN_MS = 20_000


class DistantCentral:
    """Implements `store_hub.ports.CentralServer`; the hub is logged in for good."""

    def __init__(self, line: Line, who: HubIdentity, scheduler: Scheduler, within_ms: int = 20_000) -> None:
        self._line = line
        self._who = TillIdentity(who.hub_id, "", who.store_id)
        self._scheduler = scheduler
        self._within_ms = within_ms
        self._waiting: tuple[LineOfWork, object] | None = None
        self.on_raw: Callable[[bytes], None] = lambda frame: None
        """Called when the central server has a frame."""

    def hello(self, said: HubHello) -> HubHelloReply:
        return self._ask(HubHelloReply, "hub_hello", wire.pack(said))

    def push(self, device_id: str, push: Push) -> PushReply:
        return self._ask(PushReply, "hub_push", wire.pack(push), device_id)

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        answer = self._answer("hub_push_raw", frame, device_id, reason)
        self.on_raw(frame)
        return _read(answer, PushReply) if answer else None

    def hashes(self, device_id: str, asked: HashesRequest) -> HashesReply:
        return self._ask(HashesReply, "hub_hashes", wire.pack(asked), device_id)

    def page(self, stream: str, epoch: str, after: int, limit: int = MAX_PAGE) -> FeedPage:
        return self._ask(FeedPage, "feed", b"", stream, epoch, after, limit)

    def manifest(self, store_id: str) -> SnapshotManifest:
        return self._ask(SnapshotManifest, "snapshot", b"", store_id)

    def blob(self, sha256: str, to: Path) -> None:
        have = to.stat().st_size if to.exists() else 0
        with to.open("ab") as file:
            file.write(self._answer("blob", b"", sha256, have))

    def poke(self, have: Sequence[FeedPosition]) -> Poke:
        """Until somebody gives a hint, or nobody does; hints are told to the hub directly."""
        line, token = self._scheduler.current, object()
        assert line is not None
        self._waiting = line, token
        self._scheduler.after(_HINT_WITHIN_MS, lambda: line.answer(token))
        line.wait_for(token)
        self._waiting = None
        return Poke(streams=())

    def hint(self) -> None:
        if self._waiting is not None:
            line, token = self._waiting
            self._scheduler.after(0, lambda: line.answer(token))

    def close(self) -> None:
        pass

    def _ask(self, kind: type[M], door: str, body: bytes, *asked: Any) -> M:
        return _read(self._answer(door, body, *asked), kind)

    def _answer(self, door: str, body: bytes, *asked: Any) -> bytes:
        outcome = self._line.ask(Request(door, self._who, body, asked), self._within_ms)
        if isinstance(outcome, Reply):
            return outcome.value
        if isinstance(outcome, Refused):
            raise CentralRefused(outcome.message or "refused", outcome.status, outcome.code)
        sent = isinstance(outcome, Unreachable) and outcome.sent
        raise CentralAway("The central server can't be reached.", was_sent=sent)


def _read(body: bytes, kind: type[M]) -> M:
    try:
        return wire.unpack(body, kind)
    except wire.MalformedMessage as reason:
        raise CentralAway(f"The central server's answer makes no sense: {reason.message}") from reason
