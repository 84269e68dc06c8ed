"""The store's hub and the central server as one server: what the one can't answer, the other is asked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, TypeVar

from pos_client.sync.outcomes import Failure, LocalFault, Refused, Reply, Unreachable
from pos_client.sync.path_choice import CENTRAL, HUB, PathChoice
from pos_client.sync.server_port import BlobSink, Server
from pos_client.till.ports import Clock
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import (
    Enrolled,
    EnrolRequest,
    HashesReply,
    Hello,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
)

GREET_HUB_EVERY_MS = 60_000
"""A hub may hear from the central server that it holds less than it said; a greeting tells the till."""
T = TypeVar("T")
OnPath = Callable[[str], None]
_HERE_TOO = frozenset({400, 409, 413, 416, 429})
"""Refusals of what was asked, not of who asks or by whom: the other server would say the same."""
_NOT_ADMITTED = frozenset({401, 403, 404, 426})
_BEHIND = "hub_behind"
"""A hub's word for news of the catalogue that only the central server has; it serves as well as ever."""


class TwoPaths:
    """A `Server`. `on_path` hears which way is taken, when it changed and when a greeting should find out."""

    def __init__(
        self,
        hub: Server,
        central: Server,
        choice: PathChoice,
        clock: Clock,
        on_path: OnPath,
        greet_hub_every_ms: int = GREET_HUB_EVERY_MS,
    ) -> None:
        self._servers = {HUB: hub, CENTRAL: central}
        self._choice = choice
        self._clock = clock
        self._on_path = on_path
        self._greet_hub_every_ms = greet_hub_every_ms
        self._greet_hub_ms = clock.monotonic_ms() + greet_hub_every_ms
        self._lock = Lock()
        self._spoke_to = choice.current
        """Whose word on the journals came last."""

    @property
    def path(self) -> str:
        return self._choice.current

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled] | Failure:
        return self._servers[CENTRAL].enrol(request)

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure:
        return self._hear(lambda server: server.hello(hello))

    def push(self, push: Push) -> Reply[PushReply] | Failure:
        return self._hear(lambda server: server.push(push))

    def push_raw(self, push: Push, reason: str) -> Reply[PushReply | None] | Failure:
        return self._hear(lambda server: server.push_raw(push, reason))

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> Reply[HashesReply] | Failure:
        """Only of the one that spoke last: the other may be on another branch, and is greeted first."""
        way = self._spoke_to
        outcome = self._servers[way].hashes(incarnation, seqs)
        self._learn(way, outcome)
        return outcome

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure:
        return self._ask(lambda server: server.feed(stream, epoch, after, limit))

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        return self._ask(lambda server: server.snapshot(store_id))

    def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
        """A till that sells nothing finds out here that it is time for a greeting."""
        with self._lock:
            due, path = self._greeting_is_due(self._now_ms()), self._choice.current
        if due:
            self._on_path(path)
        return self._ask(lambda server: server.poke(have), may_probe=False)

    def blob(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        """A cut download goes on at the other server only the next time: the sink has moved on."""
        return self._ask(lambda server: server.blob(sha256, offset, sink), once_sent=False)

    def abort(self) -> None:
        for server in self._servers.values():
            server.abort()

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def _hear(self, ask: Callable[[Server], Reply[T] | Failure]) -> Reply[T] | Failure:
        """Called on the thread that sends the journals."""

        def ask_and_note(server: Server) -> Reply[T] | Failure:
            outcome = ask(server)
            if isinstance(outcome, Reply):
                self._spoke_to = HUB if server is self._servers[HUB] else CENTRAL
            return outcome

        return self._ask(ask_and_note)

    def _ask(
        self, ask: Callable[[Server], Reply[T] | Failure], *, may_probe: bool = True, once_sent: bool = True
    ) -> Reply[T] | Failure:
        with self._lock:
            ways = self._choice.ways(self._now_ms(), may_probe=may_probe)
        told: Reply[T] | Failure = LocalFault("there is no server")
        told_something = False
        for way in ways:
            outcome = ask(self._servers[way])
            self._learn(way, outcome)
            if not (_never_left(outcome) and told_something):
                told = outcome
            told_something = told_something or _tells(way, outcome)
            if not _is_about_the_way(outcome) or (not once_sent and not isinstance(outcome, Refused)):
                break
        return told

    def _learn(self, way: str, outcome: Reply[Any] | Failure) -> None:
        with self._lock:
            if not _is_about_the_way(outcome) or (isinstance(outcome, Refused) and outcome.code == _BEHIND):
                changed = self._choice.answered(self._now_ms(), way)
            elif isinstance(outcome, Refused) and outcome.status not in _NOT_ADMITTED:
                changed = self._choice.refused(self._now_ms(), way)
            else:
                changed = self._choice.failed(self._now_ms(), way)
            path = self._choice.current
        if changed:
            self._on_path(path)

    def _greeting_is_due(self, now_ms: int) -> bool:
        """To try a hub again that was left, or to hear how far the one that serves is with the journal."""
        if self._choice.current == CENTRAL:
            return self._choice.is_due(now_ms)
        due = now_ms >= self._greet_hub_ms
        if due:
            self._greet_hub_ms = now_ms + self._greet_hub_every_ms
        return due

    def _now_ms(self) -> int:
        return self._clock.monotonic_ms()


def _never_left(outcome: Reply[Any] | Failure) -> bool:
    return isinstance(outcome, Unreachable) and not outcome.sent


def _tells(way: str, outcome: Reply[Any] | Failure) -> bool:
    """Of what was asked, and not only of the way: a server that dies of an entry must be told from no server."""
    return outcome.sent if isinstance(outcome, Unreachable) else way == CENTRAL


def _is_about_the_way(outcome: Reply[Any] | Failure) -> bool:
    """Whether the other server may answer better."""
    if isinstance(outcome, Reply | LocalFault):
        return False
    return not (isinstance(outcome, Refused) and outcome.status in _HERE_TOO)
