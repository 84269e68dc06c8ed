"""Head office's server: its services on a real SQLite file, called as the routes do, and dying at any statement."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from pos_client.sync.outcomes import Refused, Reply, Unreachable
from shared_models import wire
from shared_models.errors import ShopError
from shared_models.hub_api import HubEnrolRequest, HubHello
from shared_models.leases import LeaseClosing, LeaseRequest
from shared_models.reference import FeedPosition
from shared_models.sync_api import HashesRequest, Hello, HelloReply, Poke, Push
from sync_server.database import Database
from sync_server.feed.epochs import new_epochs
from sync_server.feed.service import check_stream
from sync_server.recovery import backup
from sync_server.services import Services, build_services
from sync_server.sync_messages import HubIdentity, as_hub
from tests.simulation.chance import Chance
from tests.simulation.clock import WallClock
from tests.simulation.conditions import Conditions
from tests.simulation.disk import SERVER_FILE, Life, copy_disk, events_on_server
from tests.simulation.network import Outcome, Request
from tests.simulation.oracle import Oracle
from tests.simulation.scheduler import PowerCut, Scheduler
from tests.simulation.server_database import database_on, fails_if_full
from tests.simulation.shop import CHEAP_HASHER, STORE, server_settings
from tests.simulation.trace import Trace

_HASH_AT = "select hash from ingest_pos where incarnation = ? and seq = ?"
_APPLIED_AT_ONCE = 60
_RAW_EVERY_MS = 20_000
_MONTHS_MS = 120 * 86_400_000


class Office:
    def __init__(
        self,
        folder: Path,
        template: Path,
        scheduler: Scheduler,
        conditions: Conditions,
        chance: Chance,
        oracle: Oracle,
        tally: Counter[str],
        trace: Trace,
    ) -> None:
        self._folder = folder
        self._scheduler = scheduler
        self._conditions = conditions
        self._chance = chance
        self._oracle = oracle
        self._tally = tally
        self._trace = trace
        self.clock = WallClock(scheduler)
        self._lives = 0
        self.restored_ms = -1
        """When it was last set back."""
        self.life = Life(self._cut_power)
        self.is_up = False
        self.disk_is_full = False
        self.rests_from_curses = False
        """What killed it before does so no more: somebody mended the program."""
        self._apply_planned = False
        self._raw_planned = False
        self.on_news: Callable[[], None] = lambda: None
        """Called after reference data changed: the hint to the tills."""
        folder.mkdir(parents=True)
        copy_disk(template, self.data)
        self.start()

    @property
    def data(self) -> Path:
        return self._folder / f"life-{self._lives}"

    # Its program

    def start(self) -> None:
        """A crash in the middle of it is a crash like any other."""
        self.life = Life(self._cut_power)
        self.db = database_on(
            self.data, self.life, fails_if_full(lambda: self.disk_is_full, self._count_full)
        )
        self.services: Services = build_services(
            server_settings(self.data),
            self.db,
            self.clock,
            lambda: self._chance.bytes(16).hex(),
            CHEAP_HASHER,
        )
        self._second_look = driver.connect(str(self.data / SERVER_FILE), isolation_level=None)
        self.is_up = True
        self._apply_planned = self._raw_planned = False
        self._plan_apply()
        self._plan_raw()

    def start_if_down(self) -> None:
        if not self.is_up:
            self._start_again()

    def crash(self) -> None:
        """Between two statements."""
        if self.is_up:
            self._cut_power()

    def _cut_power(self) -> None:
        self._tally["server crashes"] += 1
        self._trace.note("server crashes")
        self._leave_life()
        away_ms = self._chance.spread(100, 60_000)
        self._scheduler.after(away_ms, self._start_again)

    def _start_again(self) -> None:
        if not self.is_up:
            self._trace.note("server starts")
            self._guarded(self.start)

    def _leave_life(self) -> None:
        """What is on the disk now goes on; whatever the old program still does happens to a disk of no meaning."""
        old, db, life, second_look = self.data, self.db, self.life, self._second_look
        self._lives += 1
        copy_disk(old, self.data)
        self.is_up = False
        life.end()
        self._tally["server statements"] += life.statements
        self._scheduler.after(0, lambda: _throw_away(old, second_look, db))

    def heads(self) -> set[FeedPosition]:
        """Of every stream that the tills follow."""
        with self.db.read() as tx:
            return set(self.services.feed.positions(tx, STORE))

    def waiting(self) -> int:
        """How many entries are stored and not applied."""
        return int(self._second_look.execute("select count(*) from ingest_queue").fetchone()[0])

    def close(self) -> None:
        self._tally["server statements"] += self.life.statements
        self.life.end()
        self._second_look.close()
        self.db.close()

    # What tills ask, as the routes have it

    def take(self, request: Request, answer: Callable[[Outcome], None]) -> None:
        try:
            outcome = self.serve(request)
        except PowerCut:
            outcome = Unreachable("connection reset", sent=True)
        answer(outcome)

    def serve(self, request: Request) -> Outcome:
        assert self.is_up
        try:
            answer = self._answer(request)
        except ShopError as reason:
            status = int(getattr(reason, "status", 400))
            return Refused(status, reason.code, reason.message)
        except OperationalError:
            if not self.disk_is_full:
                raise
            return Refused(500, "server_fault", "the disk is full")
        if not request.door.startswith("lease"):
            self._oracle.served(request)
        return Reply(answer)

    def _answer(self, request: Request) -> bytes:
        match request.door:
            case "hello":
                return wire.pack(self._hello(request))
            case "push":
                return self._push(request)
            case "push_raw":
                return self._push_raw(request)
            case "hashes":
                return self._hashes(request)
            case "feed":
                stream, epoch, after, limit = request.asked
                check_stream(request.who.store_id, stream)
                with self.db.read() as tx:
                    self.services.check_machine(tx, request.who)
                    return wire.pack(self.services.feed.page(tx, stream, epoch, after, limit))
            case "snapshot":
                with self.db.read() as tx:
                    self.services.check_machine(tx, request.who)
                return wire.pack(self.services.snapshots.manifest(*request.asked))
            case "blob":
                sha256, offset = request.asked
                return self.services.snapshots.blob(sha256).read_bytes()[offset:]
            case "poke":
                return self._poke(request)
            case "lease" | "lease_close":
                return self._lend(request)
        return self._answer_to_hub(request)

    def _lend(self, request: Request) -> bytes:
        leases, who = self.services.leases, request.who
        with self.db.write() as tx:
            self.services.check_machine(tx, who)
            if request.door == "lease":
                return wire.pack(leases.ask(tx, who, wire.unpack(request.body, LeaseRequest)))
            used = wire.unpack(request.body, LeaseClosing).used
            return wire.pack(leases.close(tx, who, request.asked[0], used, release=not used))

    def _answer_to_hub(self, request: Request) -> bytes:
        hubs, who = self.services.hubs, as_hub(request.who)
        assert who is not None, f"there is no door {request.door}"
        if request.door == "hub_hello":
            return self._hub_hello(who, request.body)
        device_id, *rest = request.asked
        with self.db.read() as tx:
            sender = hubs.raw_sender if request.door == "hub_push_raw" else hubs.till_behind
            till = sender(tx, who, device_id)
        brought = Request(request.door, till, request.body, tuple(rest))
        if request.door == "hub_push":
            return self._push(brought)
        return self._push_raw(brought) if request.door == "hub_push_raw" else self._hashes(brought)

    def _hub_hello(self, who: HubIdentity, body: bytes) -> bytes:
        with self.db.write() as tx:
            reply = self.services.hubs.hello(tx, who, wire.unpack(body, HubHello))
        for one in reply.journals:
            self._promised(one.verdict.incarnation, one.verdict.high, one.verdict.hash)
            self._oracle.says_safe(one.verdict.incarnation, one.verdict.safe_through)
        return wire.pack(reply)

    def _poke(self, request: Request) -> bytes:
        (have,) = request.asked
        with self.db.read() as tx:
            self.services.check_machine(tx, request.who)
            heads = self.services.feed.positions(tx, STORE)
        return wire.pack(Poke(streams=tuple(at.stream for at in heads if at not in have)))

    def _hello(self, request: Request) -> HelloReply:
        who, said = request.who, wire.unpack(request.body, Hello)
        with self.db.write() as tx:
            self.services.tills.public_key(tx, who)
            self.services.tills.seen(tx, who, said)
            segments = self.services.admission.verdicts(tx, who, said.segments, said.till_time_ms)
            feeds = self.services.feed.verdicts(tx, who.store_id, said.feeds)
        for verdict in segments:
            self._promised(verdict.incarnation, verdict.high, verdict.hash)
            self._oracle.says_safe(verdict.incarnation, verdict.safe_through)
        return HelloReply(server_time_ms=self.clock(), protocol=said.protocol, segments=segments, feeds=feeds)

    def _push(self, request: Request) -> bytes:
        push = wire.unpack(request.body, Push)
        if (
            self._conditions.curses
            and not self.rests_from_curses
            and any(is_cursed(one.event_id) for one in push.entries)
        ):
            self._tally["cursed pushes"] += 1
            raise PowerCut
        ingest = self.services.ingest
        admit = ingest.push_brought if request.door == "hub_push" else ingest.push
        reply = admit(request.who, push)
        self._promised(reply.incarnation, reply.high, reply.hash)
        self._oracle.says_safe(reply.incarnation, reply.safe_through)
        self._plan_apply()
        return wire.pack(reply)

    def _push_raw(self, request: Request) -> bytes:
        self._tally["raw frames"] += 1
        reply = self.services.ingest.push_raw(request.who, request.body, *request.asked)
        self._plan_raw()
        if reply is None:
            return b""
        self._promised(reply.incarnation, reply.high, reply.hash)
        self._oracle.says_safe(reply.incarnation, reply.safe_through)
        return wire.pack(reply)

    def _hashes(self, request: Request) -> bytes:
        asked = wire.unpack(request.body, HashesRequest)
        reply = self.services.ingest.hashes(request.who, asked)
        for seq, digest in zip(asked.seqs, reply.hashes, strict=True):
            if digest:
                self._promised(asked.incarnation, seq, digest)
        return wire.pack(reply)

    def _promised(self, incarnation: bytes, high: int, digest: bytes) -> None:
        on_disk = self._second_look.execute(_HASH_AT, (incarnation, high)).fetchone()
        self._oracle.promised(incarnation, high, digest, on_disk[0] if on_disk else None)

    # What it does by itself

    def _plan_apply(self) -> None:
        if not self._apply_planned:
            self._apply_planned = True
            self._in_this_life(self._chance.between(1, self._conditions.apply_every_ms), self._apply)

    def _apply(self) -> None:
        self._apply_planned = False
        try:
            more = self.services.applier.apply_some(_APPLIED_AT_ONCE)
        except OperationalError:
            if not self.disk_is_full:
                raise
            more = 0
        if more == _APPLIED_AT_ONCE or self.disk_is_full:
            self._plan_apply()

    def _plan_raw(self) -> None:
        if not self._raw_planned:
            self._raw_planned = True
            self._in_this_life(self._chance.between(1, _RAW_EVERY_MS), self._take_in_raw)

    def _take_in_raw(self) -> None:
        """As the schedule does it every few seconds; here only while there may be something."""
        self._raw_planned = False
        try:
            all_had_their_try = self.services.ingest.take_in_raw()
        except OperationalError:
            if not self.disk_is_full:
                raise
            all_had_their_try = False
        if not all_had_their_try or self._has_raw_untried():
            self._plan_raw()
        self._plan_apply()

    def _in_this_life(self, delay_ms: int, work: Callable[[], None]) -> None:
        life = self.life

        def work_if_still_there() -> None:
            if life is self.life and self.is_up:
                self._guarded(work)

        self._scheduler.after(delay_ms, work_if_still_there)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except PowerCut:
            assert not self.is_up

    # What people do at it

    def decide(self, what: str, work: Callable[[Services, Connection], object]) -> None:
        """A change of reference data in one transaction, if the server is up and stays so."""
        if not self.is_up:
            return
        self._tally["office decisions"] += 1
        self._trace.note(f"office: {what}")
        self._guarded(lambda: self._decide(work))

    def _decide(self, work: Callable[[Services, Connection], object]) -> None:
        try:
            with self.db.write() as tx:
                work(self.services, tx)
        except ShopError as reason:
            self._trace.note(f"office is told: {reason.code}")
            return
        except OperationalError:
            if not self.disk_is_full:
                raise
            return
        self.on_news()

    def compact(self) -> None:
        """As the schedule does it every hour; for once the clock is months ahead, which makes everything old."""
        if self.is_up and not self.disk_is_full:
            self._guarded(self._compact)

    def _compact(self) -> None:
        self.clock.jump(_MONTHS_MS)
        try:
            self._tally["changes compacted"] += self.services.compaction.run(lambda: True)
        finally:
            self.clock.jump(-_MONTHS_MS)

    def revoke(self, device_id: str) -> None:
        with self.db.write() as tx:
            self.services.tills.revoke(tx, device_id)

    def enrol_hub(self, hub_id: str, key: bytes) -> bool:
        """False where nobody could: the server is down, dies of it, or has no room."""
        done = False

        def enrol() -> None:
            nonlocal done
            with self.db.write() as tx:
                code = self.services.hubs.make_code(tx, STORE, "Ada").code
                asked = HubEnrolRequest(code=code, hub_id=hub_id, public_key=key, app="simulated")
                self.services.hubs.enrol(tx, asked)
            done = True

        if self.is_up and not self.disk_is_full:
            self._guarded(enrol)
        return done

    def prove_backup(self, copy: Path) -> None:
        """Somebody reads the copy to its end, and the machines hear how far their journals are safe."""
        if not self.is_up or self.disk_is_full:
            return
        self._tally["backups proved"] += 1
        read = Database(f"sqlite:///{copy / SERVER_FILE}", pool_size=1)
        try:
            self._oracle.proved |= events_on_server(copy)
            self._guarded(lambda: backup.confirm(self.db, read) and None)
        finally:
            read.close()

    def apply_all(self) -> None:
        self.services.ingest.take_in_raw()
        self.services.applier.drain()

    def _has_raw_untried(self) -> bool:
        """More came than is looked at in one go."""
        query = "select 1 from quarantine where raw is not null and resolved_at_ms is null and attempts = 0"
        return self._second_look.execute(query).fetchone() is not None

    def has_raw(self, frame: bytes) -> bool:
        query = "select 1 from quarantine where raw = ?"
        return self._second_look.execute(query, (frame,)).fetchone() is not None

    def _count_full(self) -> None:
        self._tally["server: disk full"] += 1

    # Backups

    def back_up(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        copy_disk(self.data, to)
        self._trace.note("server is backed up")

    def restore(self, copy: Path, says_so: bool) -> None:
        """The machine is set up anew from a backup, and the restore tool says so to the feed, or nobody does."""
        self._tally["server restores"] += 1
        self.restored_ms = self._scheduler.now_ms
        self._trace.note("server is restored from its backup")
        if self.is_up:
            self._leave_life()
            self.db.close()  # it is one for all lives, and must not go on in the old one's file
        self.disk_is_full = False
        before = events_on_server(self.data)
        shutil.rmtree(self.data)
        copy_disk(copy, self.data)
        after = events_on_server(self.data)
        self._oracle.loses(before - after)
        self._oracle.finds(after)
        self.start()
        if says_so:
            with self.db.write() as tx:
                new_epochs(tx, lambda: self._chance.bytes(16).hex())


def is_cursed(event_id: bytes) -> bool:
    """About one entry in a hundred kills the server that looks into it, in runs where there are curses."""
    return event_id[-1] % 100 == 13


def _throw_away(folder: Path, *open_on_it: Any) -> None:
    for one in open_on_it:
        one.close()
    shutil.rmtree(folder)
