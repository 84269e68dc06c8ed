"""The store's hub: the product's own on a real SQLite file, serving each request on a line of work of its own."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlcipher3.dbapi2 as driver
from sqlalchemy.exc import OperationalError

from pos_client.sync.outcomes import Refused, Reply, Unreachable
from shared_models import wire
from shared_models.errors import ShopError
from shared_models.sync_api import HashesRequest, Hello, HelloReply, Poke, Push
from sync_server.database import Database
from sync_server.feed.service import check_stream
from sync_server.hub_app import HubShutOut, StoreHub
from sync_server.schema import metadata
from sync_server.store_hub.identity import HubPlace
from sync_server.sync_messages import HubIdentity
from tests.simulation.chance import Chance
from tests.simulation.clock import WallClock
from tests.simulation.disk import SERVER_FILE, Life, copy_disk, events_on_server
from tests.simulation.distant_central import DistantCentral
from tests.simulation.hub_memory import HubMemory
from tests.simulation.network import Line, Outcome, Request
from tests.simulation.oracle import Oracle
from tests.simulation.scheduler import LineOfWork, PowerCut, Scheduler
from tests.simulation.server_database import database_on, fails_if_full
from tests.simulation.shop import STORE, server_settings
from tests.simulation.substitutes import PlayedRounds, rounds_of, wait_without_threads
from tests.simulation.trace import Trace

if TYPE_CHECKING:
    from tests.simulation.office import Office

A_TILL_WAITS_MS = 3_000
_HELD = "select hash from ingest_pos where incarnation = ? and seq = ?"
_HEAD = "select head_hash from incarnation where incarnation = ? and high = ?"


class Hub:
    """`line` is its way to the central server. `enrol` makes a machine the store's hub, and may fail."""

    def __init__(
        self,
        folder: Path,
        scheduler: Scheduler,
        line: Line,
        chance: Chance,
        oracle: Oracle,
        tally: Counter[str],
        trace: Trace,
        enrol: Callable[[str], bool],
    ) -> None:
        self._folder = folder
        self.scheduler = scheduler
        self.line = line
        self.chance = chance
        self._oracle = oracle
        self.memory = HubMemory(oracle)
        self._tally = tally
        self._trace = trace
        self._enrol = enrol
        self.clock = WallClock(scheduler)
        self.disk_is_full = False
        self.is_gone = False
        """For good: nobody mends it or puts another in its place."""
        self.on_news: Callable[[frozenset[str]], None] = lambda streams: None
        self.after_crash_ms = lambda: chance.spread(500, 120_000)
        self._lives = 0
        self._hub_id = ""
        self.program: HubProgram | None = None
        folder.mkdir(parents=True)
        self.put_in_place()

    @property
    def data(self) -> Path:
        return self._folder / f"life-{self._lives}"

    @property
    def is_up(self) -> bool:
        return self.program is not None

    # Its life

    def put_in_place(self) -> None:
        """A new machine with an empty disk, as soon as head office has enrolled it."""
        if self.data.exists() or self.is_gone:
            return
        hub_id = self.chance.bytes(16).hex()
        if not self._enrol(hub_id):
            self.scheduler.after(self.chance.spread(1_000, 60_000), self.put_in_place)
            return
        self._hub_id = hub_id
        self._trace.note("a hub is put into the shop")
        copy_disk(empty_disk(), self.data)
        self.memory.begin_anew()
        self.start()

    def start(self) -> None:
        if self.program is not None or self.is_gone or not self.data.exists():
            return
        self._trace.note("the hub starts")
        life = Life(self._cut_power)
        try:
            self.program = HubProgram(self, life, HubIdentity(self._hub_id, STORE))
        except PowerCut:
            return
        self.program.start()

    def crash(self) -> None:
        """Between two statements."""
        if self.program is not None:
            self._cut_power()

    def _cut_power(self) -> None:
        self._tally["hub crashes"] += 1
        self._trace.note("the hub crashes")
        self._leave_life()
        self.scheduler.after(self.after_crash_ms(), self.start)

    def _leave_life(self) -> None:
        """What is on the disk now goes on; the old program's threads end where they stand."""
        old, program = self.data, self.program
        self._lives += 1
        copy_disk(old, self.data)
        self.program = None
        if program is not None:
            program.end()
            self._tally["hub statements"] += program.life.statements
        self.scheduler.after(0, lambda: _throw_away(old, program))

    def close(self) -> None:
        if self.program is not None:
            self._tally["hub statements"] += self.program.life.statements
            self.program.end()
            self.program.close()
            self.program = None

    # Its disk

    def lose(self) -> None:
        """Burnt or stolen; another machine takes its place."""
        self._tally["hubs lost"] += 1
        self._trace.note("the hub is lost")
        self._stop_at_once()
        shutil.rmtree(self.data, ignore_errors=True)
        self.scheduler.after(self.after_crash_ms(), self.put_in_place)

    def go_for_good(self) -> None:
        self._trace.note("the hub is gone for good")
        self.is_gone = True
        self._stop_at_once()

    def back_up(self, to: Path) -> None:
        """With its key beside the files: a copy is the same hub as it was."""
        if self.data.exists():
            shutil.rmtree(to, ignore_errors=True)
            copy_disk(self.data, to)
            (to / "hub").write_text(self._hub_id)

    def restore(self, backup: Path) -> None:
        self._tally["hub restores"] += 1
        self._trace.note("the hub is set back to an old copy")
        self._stop_at_once()
        shutil.rmtree(self.data, ignore_errors=True)
        copy_disk(backup, self.data)
        self.memory.begin_anew()
        self._hub_id = (self.data / "hub").read_text()
        self.scheduler.after(self.after_crash_ms(), self.start)

    def _stop_at_once(self) -> None:
        program = self.program
        if program is not None:
            self._leave_life()
            program.close()

    def events(self) -> set[bytes]:
        return events_on_server(self.data) if self.data.exists() else set()

    def look_at_its_disk(self) -> None:
        self._tally["entries that a hub forgot"] += self.memory.look(self.data)

    def is_welcome_at(self, office: Office) -> bool:
        """Whether what it holds is to arrive there."""
        connection = driver.connect(str(office.data / SERVER_FILE), isolation_level=None)
        try:
            asked = "select state = 'active' from hub where hub_id = ?"
            row = connection.execute(asked, (self._hub_id,)).fetchone()
        finally:
            connection.close()
        return bool(row and row[0])

    # Its requests

    def take(self, request: Request, answer: Callable[[Outcome], None]) -> None:
        assert self.program is not None
        self.program.take(request, answer)

    def hear_of_news(self) -> None:
        """The hint that it waits for at the central server."""
        if self.program is not None:
            self.program.central.hint()

    def jitter(self, most: int) -> int:
        return self.chance.between(0, most)

    def promised(self, incarnation: bytes, high: int, digest: bytes) -> None:
        """What it says of a journal must be on its disk, whoever it has it from."""
        connection = driver.connect(str(self.data / SERVER_FILE), isolation_level=None)
        try:
            asked = (incarnation, high)
            row = connection.execute(_HELD, asked).fetchone() or connection.execute(_HEAD, asked).fetchone()
        finally:
            connection.close()
        self._oracle.promised(incarnation, high, digest, row[0] if row else None, "the hub")

    def passed_on(self, incarnation: bytes, high: int, digest: bytes) -> None:
        if digest not in self._oracle.promises.get((incarnation, high), ()):
            self.promised(incarnation, high, digest)


class HubProgram:
    """The hub while it runs."""

    def __init__(self, hub: Hub, life: Life, who: HubIdentity) -> None:
        self.life = life
        self._hub = hub
        self._requests: set[LineOfWork] = set()
        self.db = database_on(
            hub.data, life, fails_if_full(lambda: hub.disk_is_full, lambda: None), machine="hub"
        )
        self.central = DistantCentral(hub.line, who, hub.scheduler)
        quick = DistantCentral(hub.line, who, hub.scheduler, A_TILL_WAITS_MS)
        self.central.on_raw = quick.on_raw = hub.memory.passes_on_raw
        place = HubPlace(who.hub_id, "", STORE, "Corner")
        with rounds_of(hub):
            self.store = StoreHub(
                server_settings(hub.data),
                place,
                self.db,
                self.central,
                quick,
                hub.clock,
                lambda: hub.scheduler.now_ms,
            )
        wait_without_threads(self.store.forwarder, hub.scheduler)

    def start(self) -> None:
        self.store.up.start()
        self.store.down.start()

    def end(self) -> None:
        self.life.end()
        for rounds in (self.store.up, self.store.down):
            assert isinstance(rounds, PlayedRounds)
            rounds.end()
        for line in self._requests:
            line.end()

    def close(self) -> None:
        self.db.close()

    def take(self, request: Request, answer: Callable[[Outcome], None]) -> None:
        def work() -> None:
            try:
                outcome = self._served(request)
            except PowerCut:
                outcome = Unreachable("connection reset", sent=True)
            self._requests.discard(line)
            answer(outcome)

        line = self._hub.scheduler.line_of_work(work)
        self._requests.add(line)
        line.start()

    def _served(self, request: Request) -> Outcome:
        try:
            return Reply(self._answer(request))
        except ShopError as reason:
            return Refused(int(getattr(reason, "status", 400)), reason.code, reason.message)
        except OperationalError:
            if not self._hub.disk_is_full:
                raise
            return Refused(500, "server_fault", "the disk is full")

    def _answer(self, request: Request) -> bytes:
        store, who = self.store, request.who
        if store.forwarder.shut_out:
            raise HubShutOut("Head office has shut this hub out. Go to the central server.")
        match request.door:
            case "hello":
                return wire.pack(self._hello(request))
            case "push":
                reply = store.intake.push(who, wire.unpack(request.body, Push))
                self._hub.promised(reply.incarnation, reply.high, reply.hash)
                return wire.pack(reply)
            case "push_raw":
                kept = store.intake.push_raw(who, request.body, *request.asked)
                if kept is not None:
                    self._hub.promised(kept.incarnation, kept.high, kept.hash)
                return wire.pack(kept) if kept is not None else b""
            case "hashes":
                asked = wire.unpack(request.body, HashesRequest)
                said = store.intake.hashes(who, asked)
                for seq, digest in zip(asked.seqs, said.hashes, strict=True):
                    if digest:
                        self._hub.passed_on(asked.incarnation, seq, digest)
                return wire.pack(said)
        return self._reference_data(request)

    def _reference_data(self, request: Request) -> bytes:
        store, who = self.store, request.who
        with self.db.read() as tx:
            store.services.tills.public_key(tx, who)
            if request.door == "feed":
                stream, epoch, after, limit = request.asked
                check_stream(who.store_id, stream)
                return wire.pack(store.feed.page(tx, stream, epoch, after, limit))
            if request.door == "poke":
                (have,) = request.asked
                heads = store.feed.positions(tx, who.store_id)
                return wire.pack(Poke(streams=tuple(at.stream for at in heads if at not in have)))
        if request.door == "snapshot":
            return wire.pack(store.snapshots.manifest(*request.asked))
        assert request.door == "blob", request.door
        sha256, offset = request.asked
        return store.snapshots.blob(sha256).read_bytes()[offset:]

    def _hello(self, request: Request) -> HelloReply:
        store, who, said = self.store, request.who, wire.unpack(request.body, Hello)
        store.forwarder.meet(who.device_id)
        store.forwarder.heed(who, said)
        with self.db.write() as tx:
            store.services.tills.public_key(tx, who)
            store.services.tills.seen(tx, who, said)
            segments = store.admission.verdicts(tx, who, said.segments, said.till_time_ms)
            feeds = store.feed.verdicts(tx, who.store_id, said.feeds)
        for verdict in segments:
            self._hub.promised(verdict.incarnation, verdict.high, verdict.hash)
        return HelloReply(
            server_time_ms=self._hub.clock(), protocol=said.protocol, segments=segments, feeds=feeds
        )


@cache
def empty_disk() -> Path:
    """As `hub-enrol` leaves it."""
    from tests.simulation.world import new_folder

    folder = new_folder("evertill-empty-hub-")
    db = Database(f"sqlite:///{folder / SERVER_FILE}")
    metadata.create_all(db.engine)
    db.close()
    return folder


def _throw_away(folder: Path, program: HubProgram | None) -> None:
    if program is not None:
        program.close()
    shutil.rmtree(folder, ignore_errors=True)
