"""The downward turn: does for the pull core what it asks for, with the server and the catalogue copy."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.outcomes import LocalFault, Reply, in_words
from pos_client.sync.ports import CatalogueCopy
from pos_client.sync.pull import PullCore
from pos_client.sync.pull_messages import (
    ApplyPage,
    CaughtUp,
    CopyLooked,
    FetchPage,
    PageApplied,
    PageReceived,
    PullFailed,
    PullInbound,
    PullOutbound,
    PullPoked,
    SnapshotTaken,
    TakeSnapshot,
    VerdictsHeard,
)
from pos_client.sync.push_messages import Look, Trouble, Wait
from pos_client.sync.server_port import Server
from pos_client.sync.status import StatusBoard
from pos_client.till.ports import Clock
from shared_models.errors import ShopError

log = logging.getLogger(__name__)

REST_AFTER_FAULT_S = 5.0


class Downward:
    """One thread calls `turn`; hints come from others by `hear`."""

    def __init__(
        self,
        core: PullCore,
        server: Server,
        copy: CatalogueCopy,
        bootstrap: Bootstrap,
        store_id: str,
        board: StatusBoard,
        clock: Clock,
        stopping: Callable[[], bool],
    ) -> None:
        self._core = core
        self._server = server
        self._copy = copy
        self._bootstrap = bootstrap
        self._store_id = store_id
        self._board = board
        self._clock = clock
        self._stopping = stopping
        self._heard: SimpleQueue[VerdictsHeard | PullPoked] = SimpleQueue()

    def hear(self, hint: VerdictsHeard | PullPoked) -> None:
        """Callable from any thread; counts from the next turn on."""
        self._heard.put(hint)

    def turn(self) -> float:
        """Everything that is new; the seconds until it is worth asking again."""
        try:
            return self._turn()
        except ShopError as reason:
            code, message = in_words(LocalFault(reason.message))
            self._board.change(catalogue_code=code, catalogue_message=message)
            return REST_AFTER_FAULT_S

    def _turn(self) -> float:
        todo: deque[PullOutbound] = deque()
        for hint in self._hints():
            todo.extend(said for said in self._core.step(self._now_ms(), hint) if isinstance(said, Trouble))
        todo.append(Look())
        while todo and not self._stopping():
            said = todo.popleft()
            if isinstance(said, Wait):
                return max(0.0, (said.until_ms - self._now_ms()) / 1000)
            inbound = self._perform(said)
            if inbound is not None and not self._stopping():
                todo.extend(self._core.step(self._now_ms(), inbound))
        return 0.0

    def _hints(self) -> list[VerdictsHeard | PullPoked]:
        hints = []
        while True:
            try:
                hints.append(self._heard.get_nowait())
            except Empty:
                return hints

    def _perform(self, said: PullOutbound) -> PullInbound | None:
        match said:
            case Look():
                return CopyLooked(self._copy.positions())
            case FetchPage():
                return self._numbered(said.number, lambda: self._fetch(said))
            case ApplyPage():
                return self._numbered(
                    said.number, lambda: PageApplied(said.number, self._copy.apply(said.page))
                )
            case TakeSnapshot():
                return self._numbered(said.number, lambda: self._snapshot(said.number))
            case CaughtUp():
                now_ms = self._clock.now().at_ms
                self._board.change(catalogue_code="", catalogue_message="", catalogue_as_of_ms=now_ms)
            case Trouble():
                self._board.change(catalogue_code=said.code, catalogue_message=said.message)
            case Wait():
                raise AssertionError("a wait ends the turn")
        return None

    def _numbered(self, number: int, work: Callable[[], PullInbound]) -> PullInbound:
        """The core is owed an inbound for every number, also when this machine or this program fails."""
        try:
            return work()
        except ShopError as reason:
            return PullFailed(number, LocalFault(reason.message))
        except Exception:
            if not self._stopping():
                log.exception("fetching the catalogue failed by a bug; it is tried again")
            return PullFailed(number, LocalFault("a fault in the till program"))

    def _fetch(self, said: FetchPage) -> PullInbound:
        outcome = self._server.feed(said.stream, said.epoch, said.after, said.limit)
        if not isinstance(outcome, Reply):
            return PullFailed(said.number, outcome)
        return PageReceived(said.number, outcome.value)

    def _snapshot(self, number: int) -> PullInbound:
        failure = self._bootstrap.fetch(self._store_id)
        return SnapshotTaken(number) if failure is None else PullFailed(number, failure)

    def _now_ms(self) -> int:
        return self._clock.monotonic_ms()
