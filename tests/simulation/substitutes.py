"""What of the product runs otherwise here: threads that no port leads to, the anchor's and the hub's, are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pos_client.store import books
from pos_client.store.anchor import AnchorFile
from pos_client.store.books import TillBooks
from pos_client.sync import lending
from pos_client.sync.back_off import BackOff
from pos_client.sync.lending import Lender
from pos_client.till.errors import StorageFailed, StorageFull
from pos_client.till.ports import ParkedSale
from sync_server import hub_app
from sync_server.feed.pokes import PokeBoard
from sync_server.store_hub.forwarder import Forwarder
from sync_server.store_hub.rounds import Rounds
from tests.simulation.clock import TillClock
from tests.simulation.distant_lender import DistantLender
from tests.simulation.scheduler import LineOfWork, Scheduler
from tests.simulation.turns import SimulatedTurns

if TYPE_CHECKING:
    from tests.simulation.hub import Hub
    from tests.simulation.till import Till

_LAZIEST_MS = 5_000
_REST_S = 5.0


@contextmanager
def anchors_of(till: Till) -> Iterator[None]:
    """Books that are opened meanwhile write their anchor a while after a commit, in virtual time."""

    class EventuallyWritten(AnchorFile):
        _planned = False

        def __init__(self, path: Path, **given: Any) -> None:
            super().__init__(path, **given)

        def start(self) -> None:
            """No thread."""

        def note(self, incarnation: bytes, seq: int, hash: bytes) -> None:
            super().note(incarnation, seq, hash)
            if not self._planned:
                self._planned = True
                till.scheduler.after(till.chance.spread(1, _LAZIEST_MS), self._write)

        def _write(self) -> None:
            self._planned = False
            if not self._stopping.is_set():
                self.flush()

    usual = books.AnchorFile
    books.AnchorFile = EventuallyWritten  # type: ignore[misc]
    try:
        yield
    finally:
        books.AnchorFile = usual  # type: ignore[misc]


class PlayedRounds(Rounds):
    """The hub's rounds in virtual time."""

    def __init__(self, hub: Hub, name: str, round: Callable[[], float], first_rest_s: float = 1.0) -> None:
        super().__init__(name, round, first_rest_s, hub.jitter)
        self._hub = hub
        self._turns = SimulatedTurns(hub.scheduler, self.turn)

    def start(self) -> None:
        self._turns.start()

    def turn(self) -> float:
        rest_s = super().turn()
        self._hub.look_at_its_disk()
        return rest_s

    def wake(self) -> None:
        if not self.is_failing:
            self._turns.wake()

    def end(self) -> None:
        self._turns.end()


class PlayedLending(SimulatedTurns):
    """The turns of the thread that asks for leases."""

    def __init__(self, till: Till, name: str, turn: Callable[[], float]) -> None:
        def turn_or_rest() -> float:
            try:
                return turn()
            except (StorageFull, StorageFailed):
                return _REST_S

        super().__init__(till.scheduler, turn_or_rest)
        self._till = till

    def stopping(self) -> bool:
        return False


def lender_of(till: Till, books: TillBooks, clock: TillClock) -> Lender:
    """Its thread is a line of work; tickets stay with their till."""
    usual = lending.Turns
    lending.Turns = partial(PlayedLending, till)  # type: ignore[assignment, misc]
    try:
        lender = Lender(books.leases, _NoTickets(), till.till_id, clock)
    finally:
        lending.Turns = usual  # type: ignore[misc]
    lender._back_off = BackOff(lambda ceiling: till.chance.between(0, ceiling))
    lender.start(lambda: DistantLender(till.line, till.who, till.tally))
    return lender


class _NoTickets:
    """Implements `sync.ports.TicketBook`."""

    def to_offer(self) -> tuple[ParkedSale, ...]:
        return ()

    def offering(self, sale_id: str) -> None:
        raise AssertionError("there is none")

    def offered(self, sale_id: str) -> None:
        raise AssertionError("there is none")

    def mine(self) -> tuple[str, ...]:
        return ()

    def learn(self, moved_on: Sequence[str], unknown: Sequence[str]) -> None:
        raise AssertionError("nobody was asked")


@contextmanager
def rounds_of(hub: Hub) -> Iterator[None]:
    """A hub that is built meanwhile goes its rounds in virtual time, and tells its hints to the simulation."""

    class Board(PokeBoard):
        def tell(self, streams: frozenset[str]) -> None:
            hub.on_news(streams)

    usual = hub_app.Rounds, hub_app.PokeBoard
    hub_app.Rounds, hub_app.PokeBoard = partial(PlayedRounds, hub), Board  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        hub_app.Rounds, hub_app.PokeBoard = usual  # type: ignore[misc]


class _Turnstile:
    """A lock for lines of work, on which a thread's would never open."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._taken = False
        self._queue: list[tuple[LineOfWork, object]] = []

    def acquire(self, timeout: float = -1) -> bool:
        while self._taken:
            line, token = self._scheduler.current, object()
            assert line is not None
            self._queue.append((line, token))
            if timeout >= 0:
                self._scheduler.after(round(timeout * 1000), partial(line.answer, token, "late"))
            if line.wait_for(token) == "late":
                return False
        self._taken = True
        return True

    def release(self) -> None:
        self._taken = False
        waiting, self._queue = self._queue, []
        for line, token in waiting:
            self._scheduler.after(0, partial(line.answer, token))

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def wait_without_threads(forwarder: Forwarder, scheduler: Scheduler) -> None:
    """Where the hub's threads wait for each other, lines of work do."""
    forwarder._greeting = _Turnstile(scheduler)  # type: ignore[assignment]
