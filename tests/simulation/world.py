"""One simulated shop from opening to its last drained queue: safety under fire, then liveness when it is over."""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as driver

from tests.memory_disk import memory_disk
from tests.simulation import conditions as drawing
from tests.simulation.cashier import Cashier
from tests.simulation.chance import Chance
from tests.simulation.conditions import MINUTE_MS, Conditions, LendingConditions
from tests.simulation.counter import Desk
from tests.simulation.disk import SERVER_FILE, events_on_server
from tests.simulation.evidence import Evidence
from tests.simulation.faults import Faults
from tests.simulation.head_office import HeadOffice
from tests.simulation.hub import Hub
from tests.simulation.hub_faults import HubFaults
from tests.simulation.invariants import acknowledged_is_stored, broken_at_the_end
from tests.simulation.network import FrontDoor, Line
from tests.simulation.office import Office, is_cursed
from tests.simulation.oracle import Broken, Oracle
from tests.simulation.replay import broken_by_replay
from tests.simulation.scheduler import Scheduler
from tests.simulation.shop import build_template, public_key, till_name
from tests.simulation.till import Till
from tests.simulation.trace import Show, Trace

LONGEST_SAFETY_MS = 120 * MINUTE_MS
_MOST_EVENTS = 3_000_000
_SALES_AFTER_ALL = 2


class Result(msgspec.Struct, frozen=True):
    """How one run ended. `hash` is that of its trace; `broken` is empty when all is well."""

    seed: int
    brief: bool
    hash: str
    broken: tuple[Broken, ...]
    tally: dict[str, int]
    latest: tuple[str, ...]


def run(
    seed: int, brief: bool = False, show: Show | None = None, changed: dict[str, object] | None = None
) -> Result:
    """`changed` overrides single conditions, for tests."""
    folder = Path(tempfile.mkdtemp(prefix="evertill-simulation-", dir=memory_disk()))
    try:
        world = World(seed, brief, folder, show, changed or {})
        try:
            world.live()
        finally:
            world.close()
        return world.result()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class World:
    def __init__(
        self, seed: int, brief: bool, folder: Path, show: Show | None, changed: dict[str, object]
    ) -> None:
        self._seed, self._brief = seed, brief
        self._folder = folder
        self._chance = Chance(f"seed {seed}")
        drawn = drawing.draw(self._chance.fork("conditions"), brief)
        self.conditions: Conditions = msgspec.structs.replace(drawn, **changed)
        self.scheduler = Scheduler()
        self.trace = Trace(self.scheduler, show)
        self._log = _Log(self)
        self.tally: Counter[str] = Counter()
        self.oracle = Oracle(self._chance.fork("sample"))
        self.oracle.live_disks = self._disks
        self._goods = _goods()
        self.office = Office(
            folder / "server",
            template(),
            self.scheduler,
            self.conditions,
            self._chance.fork("server"),
            self.oracle,
            self.tally,
            self.trace,
        )
        self.office.on_news = self._tell_of_news
        self._hints = self._chance.fork("hints")
        self.tills: list[Till] = []
        self.hub = self._a_hub() if self.conditions.hub else None
        self._head_office = HeadOffice(
            self.office, self._chance.fork("head office"), [id for id, _ in self._goods]
        )
        self._cashiers: list[Cashier] = []
        for number in range(1, self.conditions.tills + 1):
            till = self._add(till_name(number), till_name(number))
            if self.hub is None:
                till.start()
            else:
                self.scheduler.after(self._chance.fork(f"opening {number}").spread(1, 10_000), till.start)
        self._faults = Faults(self, self._chance.fork("faults"), folder / "backups")
        self._hub_faults = HubFaults(self, self._chance.fork("hub faults"), folder / "backups")

    def live(self) -> None:
        self.trace.note(f"conditions {self.conditions}")
        self._plan_decisions()
        self._faults.begin()
        self._hub_faults.begin()
        self.scheduler.run(LONGEST_SAFETY_MS, self._safety_is_over)
        self._end_of_fire()
        if not self.oracle.broken:
            self._come_to_rest()
        self.tally["virtual seconds"] += self.scheduler.now_ms // 1000
        self.tally["entries"] += len(self.oracle.committed)
        if not self.oracle.broken:
            self.oracle.broken += broken_at_the_end(self)
        if not self.oracle.broken:
            self.oracle.broken += broken_by_replay(self, self._chance.fork("replay"))

    def _come_to_rest(self) -> None:
        """Only of a run that is whole so far: what follows a broken promise tells nothing more."""
        began_ms = self.scheduler.now_ms
        self._requests_under_fire = self.tally["requests"] - self.tally["lease requests"]
        minutes = self.conditions.calm_within_min
        calm = self.scheduler.run(began_ms + minutes * MINUTE_MS, self._all_is_quiet)
        if storm := self._storm():
            self.oracle.blame(21, storm)
        elif not calm:
            unrest = list(self._unrest())
            self.oracle.blame(21, f"not at rest {minutes} minutes after the last fault: {unrest}")

    def result(self) -> Result:
        return Result(
            self._seed,
            self._brief,
            self.trace.hash(),
            tuple(self.oracle.broken),
            dict(self.tally),
            tuple(self.trace.latest),
        )

    def close(self) -> None:
        self._log.end()
        for till in self.tills:
            till.close()
        if self.hub is not None:
            self.hub.close()
        self.office.close()

    # Who is there

    def _add(self, name: str, till_id: str) -> Till:
        chance = self._chance.fork(name)
        line = self._line(chance.fork("line"), self.office)
        till = Till(
            name,
            till_id,
            self._folder / "tills" / name,
            self.scheduler,
            line,
            chance,
            self.oracle,
            self.tally,
            self.trace,
            self._line_to_the_hub(chance.fork("hub line")),
            self.conditions.hub,
        )
        till.knows_its_machine = self.conditions.knows_machine
        cashier = Cashier(till, self.conditions, chance.fork("cashier"), self._goods, self._enough_sold)
        till.on_start = cashier.begin
        if self.conditions.lending is not None:
            self._lend_at(till, cashier, self.conditions.lending, chance.fork("counter"))
        self.tills.append(till)
        self._cashiers.append(cashier)
        return till

    def _lend_at(self, till: Till, cashier: Cashier, conditions: LendingConditions, chance: Chance) -> None:
        counter = Desk(till, conditions, chance, self._enough_sold)
        till.lends = True

        def begin() -> None:
            cashier.begin()
            counter.begin()

        till.on_start = begin

    def _line(self, chance: Chance, door: FrontDoor) -> Line:
        return Line(self.scheduler, self.conditions, chance, door, self.tally, self.trace.note)

    def _line_to_the_hub(self, chance: Chance) -> Line | None:
        if self.hub is None or self.conditions.hub is None:
            return None
        line = self._line(chance, self.hub)
        line.calm = self.conditions.hub.good_wires
        return line

    def _a_hub(self) -> Hub:
        chance = self._chance.fork("hub")
        hub = Hub(
            self._folder / "hub",
            self.scheduler,
            self._line(chance.fork("line"), self.office),
            chance,
            self.oracle,
            self.tally,
            self.trace,
            lambda hub_id: self.office.enrol_hub(hub_id, public_key("hub")),
        )
        hub.on_news = lambda streams: self._hint_to_the_tills()
        return hub

    def add_clone(self, original: Till, disk: Path) -> None:
        self.tally["clones"] += 1
        clone = self._add(self._name_for_a_copy_of(original), original.till_id)
        self.trace.note(f"{clone.name} is a copy of {original.name}")
        clone.take_over(disk)
        self.scheduler.after(self._chance.between(1, MINUTE_MS), clone.start)

    def _name_for_a_copy_of(self, original: Till) -> str:
        copies = sum(till.till_id == original.till_id for till in self.tills)
        return original.till_id + "'" * copies

    def _disks(self) -> Iterator[set[bytes]]:
        yield events_on_server(self.office.data)
        for till in self.tills:
            yield till.events()

    # The course of things

    def _enough_sold(self) -> bool:
        return self.tally["sales"] >= self.conditions.sales

    def _safety_is_over(self) -> bool:
        return self._enough_sold() or bool(self.oracle.broken) or self.scheduler.events > _MOST_EVENTS

    def _plan_decisions(self) -> None:
        every_ms = self.conditions.office_every_ms
        if every_ms:
            self.scheduler.after(self._chance.between(1, 2 * every_ms), self._decide)

    def _decide(self) -> None:
        if not self._enough_sold():
            self._head_office.decide()
            self._plan_decisions()

    def redo(self) -> None:
        """Head office makes up for what it lost."""
        self._head_office.decide()

    def _tell_of_news(self) -> None:
        """The hint that the tills wait for; it may be late, and may be lost."""
        hub = self.hub
        if hub is not None and self._hints.happens(0.7):
            self.scheduler.after(self._hints.spread(1, 10_000), hub.hear_of_news)
        self._hint_to_the_tills()

    def _hint_to_the_tills(self) -> None:
        for till in self.tills:
            if self._hints.happens(0.7):
                self.scheduler.after(
                    self._hints.spread(1, 10_000), lambda till=till: till.program and till.program.poke()
                )

    def _end_of_fire(self) -> None:
        if self.conditions.restore_at_the_end:
            self._faults.restore_the_server()
        self._faults.end()
        self._hub_faults.end()
        self.trace.note("the faults are over")
        self.scheduler.after(0, self.office.start_if_down)
        if self.hub is not None:
            self.scheduler.after(0, self.hub.start)
        for till in self.tills:
            till.after_crash_ms = lambda: 1_000
            till.start()
        for till, cashier in zip(self.tills, self._cashiers, strict=True):
            for _ in range(_SALES_AFTER_ALL):
                if till.program is not None:
                    till.guarded(cashier.act_once)

    def _all_is_quiet(self) -> bool:
        """Looked at once a second, because looking costs more than most events."""
        if self.scheduler.now_ms < self._look_again_ms:
            return False
        self._look_again_ms = self.scheduler.now_ms + 1_000
        return bool(self._storm() or self.oracle.broken) or next(self._unrest(), None) is None

    _look_again_ms = 0
    _requests_under_fire = 0

    def _unrest(self) -> Iterator[str]:
        """Who still has something to do, and what: that which costs most to look at comes last."""
        if not self.office.is_up:
            yield "the server is down"
            return
        if waiting := self.office.waiting():
            yield f"{waiting} entries wait to be applied"
        idle = []
        for till in self.tills:
            if till.is_lost:
                continue
            if business := self._business(till):
                yield f"{till.name} {business}"
            else:
                idle.append(till)
        heads = self.office.heads()
        for till in idle:
            if (program := till.program) and heads != set(program.catalogue.positions()):
                yield f"{till.name}'s catalogue is behind: {program.status.catalogue_message}"
        if self.hub is not None:
            if lacking := self._lacking():
                yield f"{lacking} entries have not arrived at the central server"
            else:
                yield from acknowledged_is_stored(Evidence(self))

    def _business(self, till: Till) -> str:
        if till.program is None:
            return "is down"
        if till.program.greeted_ms <= self.office.restored_ms:
            return "has not heard yet that the server was set back"
        if unsent := till.program.books.unsent().entries:
            return f"has {unsent} unsent: {till.program.status.message}"
        if till.program.lender is not None and till.program.books.leases.to_tell():
            return "has yet to say how its leases ended"
        return ""

    def _lacking(self) -> int:
        """With a hub, 'sent' is not 'arrived'."""
        arrived = events_on_server(self.office.data)
        return sum(
            entry.event_id not in arrived and entry.event_id not in self.oracle.gone
            for entry in self.oracle.committed
        )

    def _cursed(self) -> int:
        if not self.conditions.curses:
            return 0
        return sum(is_cursed(entry.event_id) for entry in self.oracle.committed)

    def _storm(self) -> str:
        """More requests than it takes: batches, greetings, rounds of the feed, and the searches for poison."""
        tills, poison = len(self.tills), 40 * (len(self.oracle.poisoned) + self._cursed())
        seconds = self.scheduler.now_ms // 1000
        lending, most = (
            self.tally["lease requests"],
            6 * self.tally["leases asked for"] + tills * (100 + seconds),
        )
        if lending > most:
            return f"{lending} requests about leases in {seconds} s, and {most} would be many"
        requests = self.tally["requests"] - lending
        if self.hub is not None:
            return self._storm_by_two_ways(2 * (tills + 1), seconds, requests, poison)
        most = tills * (200 + seconds) + self.tally["sales"] + poison
        if requests > most:
            return f"{requests} requests in {seconds} s, and {most} would be many"
        calm, most = requests - self._requests_under_fire, tills * (400 + seconds // 10) + poison
        return f"{calm} requests after the last fault, and {most} would be many" if calm > most else ""

    def _storm_by_two_ways(self, ways: int, seconds: int, requests: int, poison: int) -> str:
        """Each machine has two ways, and asks for hints by one of them every twenty seconds."""
        most = ways * (200 + seconds) + 2 * (self.tally["sales"] + poison)
        if requests > most:
            return f"{requests} requests in {seconds} s by two ways, and {most} would be many"
        calm, most = requests - self._requests_under_fire, ways * (400 + seconds // 4) + 2 * poison
        return f"{calm} requests after the last fault, and {most} would be many" if calm > most else ""


class _Log(logging.Handler):
    """A program that logs an error has met a fault of its own, which no condition here gives it cause for."""

    _PROGRAMS = ("pos_client", "sync_server")

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world
        for name in self._PROGRAMS:
            logging.getLogger(name).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._world.oracle.blame(0, f"logged: {logging.Formatter().format(record)}")

    def end(self) -> None:
        for name in self._PROGRAMS:
            logging.getLogger(name).removeHandler(self)


@cache
def template() -> Path:
    folder = new_folder("evertill-template-")
    build_template(folder)
    return folder


@cache
def _goods() -> list[tuple[str, int]]:
    connection = driver.connect(str(template() / SERVER_FILE))
    try:
        return sorted(connection.execute("select product_id, unit_price_minor from price"))
    finally:
        connection.close()


def new_folder(prefix: str) -> Path:
    """For as long as the process lives."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=memory_disk()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
