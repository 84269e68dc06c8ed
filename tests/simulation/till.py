"""A till: a machine with a disk and a program on it, which dies, is started again, is set back and is copied."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pos_client.store.books import TillBooks
from pos_client.store.catalogue import CatalogueFile
from pos_client.store.segments import Here
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.downward import Downward
from pos_client.sync.lending import Lender
from pos_client.sync.path_choice import PathChoice
from pos_client.sync.pull import PullCore
from pos_client.sync.pull_messages import PullPoked, VerdictsHeard
from pos_client.sync.push import PushCore
from pos_client.sync.server_port import Server
from pos_client.sync.status import StatusBoard, SyncStatus
from pos_client.sync.two_paths import TwoPaths
from pos_client.sync.upward import Upward
from pos_client.till.errors import StorageFailed, StorageFull
from shared_models.ids import uuid7
from shared_models.reference import FEED_SCHEMA, streams_of
from shared_models.sync_api import PROTOCOL, FeedVerdict, Hello, SegmentState
from tests.simulation.chance import Chance
from tests.simulation.clock import TillClock, WallClock
from tests.simulation.conditions import HubConditions
from tests.simulation.disk import BOOKS_FILE, copy_disk, events_on_till, half_sales
from tests.simulation.distant_server import DistantServer
from tests.simulation.hints import Hints
from tests.simulation.network import Line
from tests.simulation.oracle import Oracle
from tests.simulation.paper import receipt
from tests.simulation.scheduler import PowerCut, Scheduler
from tests.simulation.shop import STORE, identity, public_key, signer
from tests.simulation.substitutes import PlayedLending, anchors_of, lender_of
from tests.simulation.till_disk import TillLife
from tests.simulation.trace import Trace
from tests.simulation.turns import SimulatedTurns
from tests.simulation.watched_copy import WatchedCopy
from tests.simulation.watched_outbox import WatchedOutbox

_BALLAST_BYTES = 8 << 10
_LOG_BYTES = 0


class Till:
    """`name` tells machines apart that think they are the same till: a clone of 03-1 is 03-1'."""

    def __init__(
        self,
        name: str,
        till_id: str,
        folder: Path,
        scheduler: Scheduler,
        line: Line,
        chance: Chance,
        oracle: Oracle,
        tally: Counter[str],
        trace: Trace,
        hub_line: Line | None = None,
        hub_conditions: HubConditions | None = None,
    ) -> None:
        self.name = name
        self.till_id = till_id
        self.who = identity(till_id)
        self.sign = signer(till_id)
        self.line = line
        self.hub_line = hub_line
        self.hub_conditions = hub_conditions
        """Its way to the store's hub, where there is one."""
        self.chance = chance
        self.scheduler = scheduler
        self.oracle = oracle
        self.tally = tally
        self.trace = trace
        self.clock = WallClock(scheduler)
        self.free_writes: int | None = None
        """How many statements still fit on the disk; None where there is room."""
        self._folder = folder
        self._disks = 0
        self.program: Program | None = None
        self.knows_its_machine = True
        """Whether the machine has a fingerprint by which a copied disk is told."""
        self.lends = False
        """Whether it asks for leases."""
        self.wrote: set[bytes] = set()
        """Entries that this very disk must have, as far as the scenario did not take them."""
        self.is_lost = False
        """The machine is gone for good."""
        self.on_start: Callable[[], None] = lambda: None
        self.after_crash_ms = lambda: chance.spread(500, 120_000)
        (self.data).mkdir(parents=True)

    @property
    def lines(self) -> list[Line]:
        return [self.line] if self.hub_line is None else [self.line, self.hub_line]

    @property
    def data(self) -> Path:
        """The folder of the till's files; the anchor lies beside it."""
        return self._disk / "data"

    @property
    def anchor(self) -> Path:
        return self._disk / "elsewhere" / "anchor.json"

    @property
    def _disk(self) -> Path:
        return self._folder / f"disk-{self._disks}"

    # Its life

    def start(self) -> None:
        if self.program is not None or self.is_lost:
            return
        self.trace.note(f"{self.name} starts")
        life = TillLife(self)
        try:
            self.program = Program(self, life)
        except PowerCut:
            return
        except (StorageFull, StorageFailed) as reason:
            self.trace.note(f"{self.name} can't start: {reason.code}")
            life.end()
            self.scheduler.after(self.after_crash_ms(), self.start)
            return
        for half in self.halves():
            self.oracle.blame(19, half)
        self.on_start()

    def crash(self) -> None:
        """Between two statements."""
        if self.program is not None:
            self.cut_power(self.program.life)

    def cut_power(self, life: TillLife) -> None:
        self.tally["till crashes"] += 1
        self.trace.note(f"{self.name} crashes")
        self._leave(life)
        self.scheduler.after(self.after_crash_ms(), self.start)

    def _leave(self, life: TillLife) -> None:
        """What is on the disk now goes on; whatever the old program still does happens to a disk of no meaning."""
        old, program = self._disk, self.program
        self._disks += 1
        copy_disk(old, self._disk)
        life.end()
        self.tally["till statements"] += life.statements
        self.program = None
        self.scheduler.after(0, lambda: _throw_away(old, program))

    def guarded(self, work: Callable[[], None]) -> None:
        """Of what an event makes the program do: a power cut ends the program and not the simulation."""
        try:
            work()
        except PowerCut:
            assert self.program is None

    def in_this_life(self, delay_ms: int, work: Callable[[], None]) -> None:
        program = self.program

        def work_if_still_there() -> None:
            if program is not None and program is self.program:
                self.guarded(work)

        self.scheduler.after(delay_ms, work_if_still_there)

    def close(self) -> None:
        if self.program is not None:
            self.tally["till statements"] += self.program.life.statements
            self.program.life.end()
            self.program.close()
            self.program = None

    # Its disk

    def back_up(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        copy_disk(self._disk, to)
        self.trace.note(f"{self.name} is backed up")

    def restore(self, backup: Path, keeps_anchor: bool) -> None:
        """Somebody puts an old copy in place of the till's files; the anchor beside them stays or is gone too."""
        self.tally["till restores"] += 1
        self.trace.note(
            f"{self.name} is set back to an old copy, {'with' if keeps_anchor else 'without'} its anchor"
        )
        if self.program is not None:
            self._leave(self.program.life)
        before = self.events()
        shutil.rmtree(self.data)
        copy_disk(backup / "data", self.data)
        if not keeps_anchor:
            shutil.rmtree(self.anchor.parent, ignore_errors=True)
        after = self.wrote = self.events()
        self.oracle.loses(before - after)
        self.oracle.finds(after)
        self.scheduler.after(self.after_crash_ms(), self.start)

    def take_over(self, disk: Path) -> None:
        """This machine is a copy of that disk."""
        shutil.rmtree(self._disk)
        copy_disk(disk, self._disk)
        self.wrote = self.events()

    def lose(self) -> None:
        """Burnt, stolen, drowned."""
        self.tally["tills lost for good"] += 1
        self.trace.note(f"{self.name} is lost")
        if self.program is not None:
            self._leave(self.program.life)
        before, self.is_lost = self.events(), True
        shutil.rmtree(self._disk)
        self.oracle.loses(before)

    def halves(self) -> list[str]:
        """Sales of which only a part is in the books."""
        return [f"{self.name}: {what}" for what in half_sales(self.data)]

    def events(self) -> set[bytes]:
        return set() if self.is_lost else events_on_till(self.data)


class Program:
    """The till's program while it runs: its books, its copy of the catalogue, and both directions of sync."""

    def __init__(self, till: Till, life: TillLife) -> None:
        self.till = till
        self.life = life
        self.clock = TillClock(till.scheduler, till.clock)
        self.books = self._open_books()
        try:
            self.catalogue = CatalogueFile(till.data / "catalogue.db", till.clock, self.life.connection_class)
        except BaseException:
            self.books.close()
            raise
        self.status = SyncStatus()
        self.greeted_ms = self._greets_ms = -1
        """When it sent the last greeting that was answered."""
        self.board = StatusBoard(self._hear_status)
        self._start_sync()
        self.lender: Lender | None = lender_of(till, self.books, self.clock) if till.lends else None

    def _open_books(self) -> TillBooks:
        till = self.till
        with anchors_of(till):
            return TillBooks(
                till.data / BOOKS_FILE,
                till_id=till.till_id,
                sign=till.sign,
                clock=self.clock,
                ids=_Ids(till),
                mint=till.chance.bytes,
                render=receipt,
                anchor_path=till.anchor,
                boot_id=f"boot-{till.name}",
                here=Here(public_key(till.till_id), till.name if till.knows_its_machine else ""),
                ballast_bytes=_BALLAST_BYTES,
                log_bytes=_LOG_BYTES,
                connection_class=self.life.connection_class,
            )

    def _start_sync(self) -> None:
        """As `sync.worker` puts it together, in virtual time."""
        till = self.till
        server = self._way_to_the_server()
        outbox = WatchedOutbox(self.books, till)
        self.core = PushCore(self._jitter)
        self._upward = Upward(
            self.core,
            server,
            outbox,
            self.board,
            self.clock,
            self._hello,
            self._heard_feeds,
            self._stopping,
        )
        downloads = till.data / "downloads"
        copy = WatchedCopy(self.catalogue, till)
        self._downward = Downward(
            PullCore(streams_of(STORE), self._jitter),
            server,
            copy,
            Bootstrap(server, downloads, copy, self._stopping),
            STORE,
            self.board,
            self.clock,
            self._stopping,
        )
        self._up = SimulatedTurns(till.scheduler, self._upward.turn)
        self._down = SimulatedTurns(till.scheduler, self._downward.turn)
        self._up.start()
        self._down.start()
        self._hints: Hints | None = None
        if till.hub_line is not None:
            self._hints = Hints(till, server, self.catalogue, self._find_out, self.line_is_back, self.poke)
            self._hints.start()

    def _way_to_the_server(self) -> Server:
        till = self.till
        central = DistantServer(till.line, till.who, till.chance)
        conditions = till.hub_conditions
        if till.hub_line is None or conditions is None:
            return central
        hub = DistantServer(till.hub_line, till.who, till.chance)
        choice = PathChoice(self._jitter, conditions.first_wait_ms)
        return TwoPaths(hub, central, choice, self.clock, self._take_path, conditions.greet_every_ms)

    def _take_path(self, path: str) -> None:
        """As `SyncWorker.path_changed`."""
        if path != self.status.path:
            self.till.tally[f"ways taken: {path}"] += 1
        self.board.change(path=path)
        self._find_out()

    def _find_out(self) -> None:
        self._upward.doubted()
        self._up.wake()

    def wake(self) -> None:
        """There is something to send."""
        self._up.wake()

    def poke(self) -> None:
        """A hint that there is news."""
        self._downward.hear(PullPoked())
        self._down.wake()

    def line_is_back(self) -> None:
        """The machine hears of it, as the hint's thread does in the product."""
        self._upward.poked()
        self.wake()
        self.poke()

    def close(self) -> None:
        self._up.end()
        self._down.end()
        if self.lender is not None:
            assert isinstance(self.lender._turns, PlayedLending)
            self.lender._turns.end()
        if self._hints is not None:
            self._hints.end()
        self.books.close()
        self.catalogue.close()

    def _hello(self, segments: tuple[SegmentState, ...]) -> Hello:
        self._greets_ms = self.till.scheduler.now_ms
        return Hello(
            device_id=self.till.who.device_id,
            till_id=self.till.till_id,
            protocol=PROTOCOL,
            app="simulated",
            feed_schema=FEED_SCHEMA,
            till_time_ms=self.clock.now().at_ms,
            segments=segments,
            feeds=self.catalogue.positions(),
            unsent=sum(segment.head_seq - segment.acked for segment in segments),
        )

    def _heard_feeds(self, feeds: tuple[FeedVerdict, ...]) -> None:
        self.greeted_ms = self._greets_ms
        stale = tuple(feed for feed in feeds if feed.state != "ok")
        if stale:
            self._downward.hear(VerdictsHeard(stale))
            self._down.wake()

    def _hear_status(self, status: SyncStatus) -> None:
        said_all_sent = status.all_sent and not self.status.all_sent
        self.status = status
        if said_all_sent:
            self._all_sent_is_true()

    def _all_sent_is_true(self) -> None:
        for segment in self.books.segments():
            echoed = self.till.oracle.promises.get((segment.incarnation, segment.head_seq), ())
            if segment.acked != segment.head_seq or segment.head_hash not in echoed:
                self.till.oracle.blame(
                    27, f"{self.till.name} says that all is sent with {segment.acked} of {segment.head_seq}"
                )

    def _stopping(self) -> bool:
        return self.life.is_over

    def _jitter(self, ceiling: int) -> int:
        return self.till.chance.between(0, ceiling)


class _Ids:
    """As `this_machine.SystemIds`, with the machine's own clock and chance."""

    def __init__(self, till: Till) -> None:
        self._till = till

    def new(self) -> str:
        return uuid7(self._till.clock(), self._till.chance.bytes(10))


def _throw_away(disk: Path, program: Program | None) -> None:
    if program is not None:
        program.close()
    shutil.rmtree(disk, ignore_errors=True)
