"""The engine on its threads: sales go up when woken, the catalogue comes down, and stopping takes no time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from threading import Condition, Event, get_ident
from typing import Any

import msgspec
import pytest

from pos_client.sync.outcomes import Failure, Refused, Reply, Unreachable
from pos_client.sync.push import push_of
from pos_client.sync.server_api import ServerApi, TimeLimits
from pos_client.sync.server_port import Server
from pos_client.sync.status import SyncStatus
from pos_client.sync.turns import Turns
from pos_client.sync.worker import Place, SyncWorker
from shared_models.checkpoint import Checkpoint
from shared_models.errors import ShopError
from shared_models.journal import Entry
from shared_models.moment import Moment
from shared_models.reference import FeedPage, FeedPosition, streams_of
from shared_models.sync_api import (
    FeedVerdict,
    HashesReply,
    Hello,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SegmentState,
    SnapshotManifest,
)
from tests.pos_client.store.made_up_shop import a_sale, open_books
from tests.pos_client.sync.model_server import ModelServer
from tests.pos_client.sync.model_till import ModelTill, unsigned
from tests.pos_client.sync.scripted_http import ScriptedHttp

PLACE = Place("device", "03-2", "03", "test")


class TestClock:
    """The real monotonic clock, a fixed wall clock."""

    __test__ = False

    def now(self) -> Moment:
        return Moment(1_000_000)

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class Seen:
    """Collects statuses and waits for one."""

    def __init__(self) -> None:
        self.all: list[SyncStatus] = []
        self.changed = Condition()

    def __call__(self, status: SyncStatus) -> None:
        with self.changed:
            self.all.append(status)
            self.changed.notify_all()

    def wait(self, wanted: Callable[[SyncStatus], bool], seconds: float = 10) -> SyncStatus:
        with self.changed:
            found = self.changed.wait_for(lambda: any(wanted(s) for s in self.all), seconds)
        assert found, self.all
        return next(status for status in self.all if wanted(status))


class FullCopy:
    """A copy that stands where the server stands."""

    def __init__(self) -> None:
        self.version = 5

    def positions(self) -> tuple[FeedPosition, ...]:
        return tuple(FeedPosition(stream, "e", self.version, 0) for stream in streams_of("03"))

    def apply(self, page: object) -> bool:
        self.version = 6
        return True

    def swap_in(self, path: Path) -> None:
        raise AssertionError("nothing to swap")


class LocalServer:
    """A `Server` in memory; `down` and `refuses` are its moods, `hints` what a poke answers."""

    def __init__(self) -> None:
        self.model = ModelServer()
        self.down = False
        self.refuses: Refused | None = None
        self.hints: list[Poke] = []
        self.aborted = Event()
        self.feed_state = "ok"
        self.pages = 0
        self.greetings = 0
        self.buggy_calls = 0
        self.steps_past = True
        self.compares = True
        self.failed_pokes = 0

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure:
        self.greetings += 1
        if self.buggy_calls:
            self.buggy_calls -= 1
            raise ZeroDivisionError("a bug")
        if self.down:
            return Unreachable("no route")
        reply = self.model.hello(hello)
        feeds = tuple(
            FeedVerdict(stream=f.stream, state=self.feed_state, epoch="e", head=5) for f in hello.feeds
        )
        return Reply(HelloReply(server_time_ms=1_000_700, protocol=1, segments=reply.segments, feeds=feeds))

    def push(self, push: Push) -> Reply[PushReply] | Failure:
        if any(entry.event_id in self.model.crashes_on for entry in push.entries):
            return Refused(500)
        return self.refuses or Reply(self.model.push(push))

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> Reply[HashesReply] | Failure:
        return Reply(self.model.hashes(incarnation, seqs)) if self.compares else Refused(404)

    def push_raw(self, push: Push, reason: str) -> Reply[PushReply | None] | Failure:
        return Reply(self.model.push_raw(push, steps_past=self.steps_past))

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> object:
        self.pages += 1
        if self.down:
            return Unreachable("no route")
        return Reply(FeedPage(stream, epoch, after, after, after))

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        return Refused(404)

    def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
        if self.down:
            self.failed_pokes += 1
            return Unreachable("no route")
        if self.hints:
            return Reply(self.hints.pop())
        self.aborted.wait(10)
        return Unreachable("the till is shutting down", sent=True)

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        assert self.aborted.is_set()


class Engine:
    """A worker with everything around it."""

    def __init__(
        self,
        folder: Path,
        server: object,
        till: Any = None,
        copy: FullCopy | None = None,
    ) -> None:
        self.till = till or ModelTill()
        self.seen = Seen()
        self.copy = copy or FullCopy()
        self.worker = SyncWorker(
            PLACE,
            self.till,
            self.copy,
            lambda: server,
            folder,
            TestClock(),
            self.seen,  # type: ignore[arg-type,return-value]
        )


@pytest.fixture
def started() -> Iterator[Callable[[Engine], Engine]]:
    engines: list[Engine] = []

    def start(engine: Engine) -> Engine:
        engines.append(engine)
        engine.worker.start()
        return engine

    yield start
    for engine in engines:
        engine.worker.stop()


Started = Callable[[Engine], Engine]


def test_a_sale_goes_up_when_the_till_says_so(tmp_path: Path, started: Started) -> None:
    server = LocalServer()
    engine = started(Engine(tmp_path, server))
    engine.seen.wait(lambda status: status.all_sent)
    engine.till.sell(3)
    engine.worker.wake()
    engine.seen.wait(lambda status: not status.all_sent and status.online)
    wait_until(lambda: len(server.model.stored) == 3 and engine.till.strands[0].acked == 3)
    status = engine.worker.status
    assert (status.online, status.code, status.last_contact_ms) == (True, "", 1_000_000)
    assert status.clock_offset_ms == 700
    assert engine.till.offset_ms == 700


def test_the_catalogue_is_dated_when_it_is_up_to_date(tmp_path: Path, started: Started) -> None:
    engine = started(Engine(tmp_path, LocalServer()))
    status = engine.seen.wait(lambda status: status.catalogue_as_of_ms is not None)
    assert status.catalogue_message == ""


class ServerOutOfTime(LocalServer):
    """Says a time that no clock has, until `sane`."""

    def __init__(self, time_ms: int) -> None:
        super().__init__()
        self.time_ms = time_ms
        self.sane = False

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure:
        outcome = super().hello(hello)
        if self.sane or not isinstance(outcome, Reply):
            return outcome
        return Reply(msgspec.structs.replace(outcome.value, server_time_ms=self.time_ms))


@pytest.mark.parametrize("time_ms", [-(2**63), -1, 2**63, 2**64 - 1])
def test_a_server_out_of_time_stops_no_sale(tmp_path: Path, started: Started, time_ms: int) -> None:
    books, server = open_books(tmp_path / "till"), ServerOutOfTime(time_ms)
    books.post_sale(a_sale(), open_drawer=False)
    engine = started(Engine(tmp_path, server, books))
    engine.seen.wait(lambda status: status.code == "nonsense" or status.all_sent)
    assert books.post_sale(a_sale(), open_drawer=False).seq == 2
    server.sane = True
    engine.worker.refresh()
    engine.seen.wait(lambda status: status.all_sent, seconds=20)
    engine.worker.stop()
    books.close()


def test_a_till_without_a_line_says_so_and_keeps_the_sales(tmp_path: Path, started: Started) -> None:
    server, till = LocalServer(), ModelTill()
    server.down = True
    till.sell(2)
    engine = started(Engine(tmp_path, server, till))
    status = engine.seen.wait(lambda status: status.code == "offline" and status.catalogue_code == "offline")
    assert not status.online
    assert "sells on" in status.message
    assert till.strands[0].acked == 0


def test_an_idle_till_notices_that_the_line_is_gone_and_back(tmp_path: Path, started: Started) -> None:
    server = LocalServer()
    server.hints = [Poke()]
    engine = started(Engine(tmp_path, server))
    engine.seen.wait(lambda status: status.all_sent)
    server.down = True
    server.aborted.set()
    wait_until(lambda: not engine.worker.status.online)
    assert engine.worker.status.code == "offline"
    server.down = False
    server.hints = [Poke()]
    wait_until(lambda: engine.worker.status.online and engine.worker.status.code == "")


def test_an_idle_till_finds_out_when_hints_are_cut_off_without_an_answer(
    tmp_path: Path, started: Started
) -> None:
    class CutOff(LocalServer):
        def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
            answer = super().poke(have)
            return Unreachable("cut off", sent=True) if self.down else answer

    server = CutOff()
    server.hints = [Poke()]
    engine = started(Engine(tmp_path, server))
    engine.seen.wait(lambda status: status.all_sent and status.online)
    server.down = True
    server.aborted.set()
    wait_until(lambda: not engine.worker.status.online)


def test_a_server_that_refuses_is_met_all_the_same(tmp_path: Path, started: Started) -> None:
    server, till = LocalServer(), ModelTill()
    server.refuses = Refused(403)
    till.sell()
    engine = started(Engine(tmp_path, server, till))
    status = engine.seen.wait(lambda status: status.code == "not_allowed")
    assert status.online
    assert till.strands[0].acked == 0


@pytest.mark.expects_log
def test_a_twins_till_goes_on_in_a_new_series_and_keeps_saying_so(tmp_path: Path, started: Started) -> None:
    server, till = LocalServer(), ModelTill()
    till.sell(4)
    server.model.push(hello_push(till))
    till.forge(2, b'{"x":1}')
    engine = started(Engine(tmp_path, server, till))
    status = engine.seen.wait(lambda status: status.all_sent)
    assert till.left == [(1, "diverged")]
    assert "A new receipt series began" in status.notice
    assert not status.diverged
    wait_until(lambda: engine.worker.status.catalogue_as_of_ms is not None)
    assert engine.worker.status.notice == status.notice


def test_a_fork_that_an_older_server_cannot_sort_out_is_shown_and_stays_shown(
    tmp_path: Path, started: Started
) -> None:
    server, till = LocalServer(), ModelTill()
    server.compares = False
    till.sell(4)
    server.model.push(hello_push(till))
    till.forge(2, b'{"x":1}')
    engine = started(Engine(tmp_path, server, till))
    status = engine.seen.wait(lambda status: status.diverged)
    assert status.code == "diverged"
    assert "Tell head office" in status.message
    wait_until(lambda: engine.worker.status.catalogue_as_of_ms is not None)
    assert engine.worker.status.diverged
    assert not engine.worker.status.all_sent


def test_a_hint_fetches_the_change_at_once(tmp_path: Path, started: Started) -> None:
    server = LocalServer()
    engine = Engine(tmp_path, server)
    server.hints = [Poke(), Poke(streams=("catalogue",))]
    started(engine)
    wait_until(lambda: server.pages >= 8)


def test_what_the_greeting_says_of_the_catalogue_wakes_the_download(tmp_path: Path, started: Started) -> None:
    server = LocalServer()
    server.feed_state = "reset"
    engine = started(Engine(tmp_path, server))
    wait_until(lambda: engine.worker.status.catalogue_as_of_ms is not None or server.pages > 0)
    engine.worker._heard_feeds((FeedVerdict(stream="catalogue", state="reset", epoch="x", head=1),))
    engine.seen.wait(lambda status: status.catalogue_code in ("catalogue_refetched", "refused"))


def test_a_line_that_is_back_is_used_at_once(tmp_path: Path, started: Started) -> None:
    server, till = LocalServer(), ModelTill()
    server.down = True
    till.sell()
    engine = started(Engine(tmp_path, server, till))
    engine.seen.wait(lambda status: status.code == "offline")
    wait_until(lambda: server.failed_pokes > 0)
    server.hints = [Poke()] * 3
    server.down = False
    engine.seen.wait(lambda status: status.all_sent, seconds=20)


@pytest.mark.parametrize("steps_past", [True, False])
def test_an_entry_that_the_server_fails_on_is_handed_over_raw(
    tmp_path: Path, started: Started, steps_past: bool
) -> None:
    server, till = LocalServer(), ModelTill()
    till.sell()
    server.model.crashes_on.add(till.strands[0].entries[0].event_id)
    server.steps_past = steps_past
    engine = started(Engine(tmp_path, server, till))
    wait_until(lambda: len(server.model.raw) == 1, seconds=30)
    wait_until(lambda: engine.worker.status.all_sent == steps_past)


@pytest.mark.expects_log
def test_a_bug_is_logged_and_does_not_end_the_sending(
    tmp_path: Path, started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    server, till = LocalServer(), ModelTill()
    server.buggy_calls = 1
    till.sell()
    engine = started(Engine(tmp_path, server, till))
    engine.seen.wait(lambda status: status.all_sent, seconds=20)
    [record] = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert "bug" in record.getMessage()
    assert record.exc_info is not None
    assert any(status.code == "local_fault" for status in engine.seen.all)


class FullDisk(ShopError):
    code = "disk_full"


class FailingTill(ModelTill):
    """Its disk is full when the cursor is to be moved, or its files can't be read."""

    fails: str = "acknowledge"

    def acknowledge(
        self, incarnation: bytes, high: int, safe_through: int, checkpoint: Checkpoint | None = None
    ) -> None:
        if self.fails == "acknowledge":
            raise FullDisk("The disk is full. Make room.")
        super().acknowledge(incarnation, high, safe_through, checkpoint)

    def entries(self, incarnation: bytes, after_seq: int, limit: int, max_bytes: int) -> Sequence[Entry]:
        if self.fails == "entries":
            raise FullDisk("The journal can't be read.")
        return super().entries(incarnation, after_seq, limit, max_bytes)

    def segments(self) -> tuple[SegmentState, ...]:
        if self.fails == "bug":
            raise ZeroDivisionError("a bug")
        return super().segments()


@pytest.mark.parametrize("fails", ["acknowledge", "entries"])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, started: Started, fails: str) -> None:
    server, till = LocalServer(), FailingTill()
    till.sell()
    till.fails = fails
    engine = started(Engine(tmp_path, server, till))
    status = engine.seen.wait(lambda status: status.code == "local_fault")
    assert "disk is full" in status.message or "can't be read" in status.message
    assert till.strands[0].acked == 0


@pytest.mark.expects_log
def test_a_thread_outlives_a_bug_and_the_log_has_it(
    tmp_path: Path, started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    server, till = LocalServer(), FailingTill()
    till.fails = "bug"
    engine = started(Engine(tmp_path, server, till))
    wait_until(lambda: any("sync-up failed" in r.getMessage() for r in caplog.records))
    till.fails = ""
    till.sell()
    engine.seen.wait(lambda status: status.all_sent and status.last_contact_ms is not None, seconds=20)


class PartCopy(FullCopy):
    """A copy that is asked to change, and whose files may be out of reach."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.fails = fails

    def positions(self) -> tuple[FeedPosition, ...]:
        if self.fails == "positions":
            raise FullDisk("The catalogue can't be read.")
        return super().positions()

    def apply(self, page: object) -> bool:
        if self.fails == "apply":
            raise FullDisk("The disk is full. Make room.")
        if self.fails == "bug":
            raise ZeroDivisionError("a bug")
        return super().apply(page)


class ChangedServer(LocalServer):
    """Its streams have all moved on by one."""

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> object:
        self.pages += 1
        return (
            Reply(FeedPage(stream, epoch, after, 6, 6))
            if after < 6
            else super().feed(stream, epoch, after, 1)
        )


def test_changes_are_applied(tmp_path: Path, started: Started) -> None:
    copy = PartCopy()
    engine = started(Engine(tmp_path, ChangedServer(), copy=copy))
    engine.seen.wait(lambda status: status.catalogue_as_of_ms is not None)
    assert copy.version == 6


@pytest.mark.expects_log
@pytest.mark.parametrize("fails", ["apply", "positions", "bug"])
def test_a_copy_that_can_not_be_written_is_said(tmp_path: Path, started: Started, fails: str) -> None:
    engine = started(Engine(tmp_path, ChangedServer(), copy=PartCopy(fails)))
    status = engine.seen.wait(lambda status: status.catalogue_code == "local_fault")
    assert "tries again" in status.catalogue_message


@pytest.mark.parametrize("path", ["/sync/challenge", "/sync/hello"])
def test_stopping_takes_less_than_a_second_while_the_server_hangs(
    tmp_path: Path, http: ScriptedHttp, path: str
) -> None:
    http.routes[path] = lambda asked: asked.hang()
    server = ServerApi(http.url, "device", unsigned, TimeLimits())
    engine = Engine(tmp_path, server)
    engine.worker.start()
    wait_until(lambda: http.times(path) > 0)
    began = time.monotonic()
    assert engine.worker.stop()
    assert time.monotonic() - began < 1
    server.close()


def test_an_engine_that_never_started_stops_too(tmp_path: Path) -> None:
    assert Engine(tmp_path, LocalServer()).worker.stop()


def test_refreshing_before_the_first_meeting_does_no_harm(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "not" / "there" / "yet", LocalServer())
    engine.worker.refresh()
    engine.worker._heard_feeds((FeedVerdict(stream="catalogue", state="reset", epoch="x", head=1),))
    assert engine.worker._hello(()).free_mb > 0


def test_the_library_for_http_is_loaded_on_the_engines_thread(tmp_path: Path) -> None:
    threads: list[int] = []

    def connect() -> Server:
        threads.append(get_ident())
        return LocalServer()  # type: ignore[return-value]

    seen = Seen()
    worker = SyncWorker(PLACE, ModelTill(), FullCopy(), connect, tmp_path, TestClock(), seen)
    worker.start()
    seen.wait(lambda status: status.all_sent)
    worker.stop()
    assert len(threads) == 1
    assert threads[0] != get_ident()


def test_turns_are_taken_until_told_to_stop_and_one_wake_is_one_turn() -> None:
    taken = count()
    turned = Event()

    def turn() -> float:
        next(taken)
        turned.set()
        return 60.0

    turns = Turns("test", turn)
    turns.start()
    assert turned.wait(5)
    turned.clear()
    turns.wake()
    assert turned.wait(5)
    turns.ask_to_stop()
    assert turns.stopped_within(5)
    assert next(taken) == 2


def test_a_turn_that_fails_while_stopping_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    inside, go_on = Event(), Event()

    def turn() -> float:
        inside.set()
        go_on.wait(5)
        raise ZeroDivisionError

    turns = Turns("test", turn)
    turns.start()
    assert inside.wait(5)
    turns.ask_to_stop()
    go_on.set()
    assert turns.stopped_within(5)
    assert not caplog.records


def hello_push(till: ModelTill) -> Push:
    return push_of(till.segments()[0], till.strands[0].entries)


def wait_until(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    pause = Event()
    while not what():
        assert time.monotonic() < end, "it never happened"
        pause.wait(0.01)
