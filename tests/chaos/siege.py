"""Carries out a schedule of faults against running tills and their server, and heals everything at its end."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event

import msgspec

from tests.chaos.faults import Fault, Kind
from tests.chaos.head_office import HeadOffice
from tests.chaos.line import DOWN, UP
from tests.chaos.peace import is_drained, is_level
from tests.chaos.till import BesiegedTill, JournalEntry

_GIVEN_UP_AFTER_S = 150.0
_COPY_EVERY_S = 20.0
_PRICE_EVERY_S = 1.0
_KILLS_THAT_LEAVE_A_COPY = 0.3
_LONGEST_DELAY_S = 1.5
_SERVER_STARTS_WITHIN_S = 10.0

Say = Callable[["Siege"], None]
Peace = Callable[[HeadOffice, Sequence[BesiegedTill]], bool]


class Remains(msgspec.Struct):
    """What restores took away. `gone` from tills; `burned`: of that, what the server did not hold either at some time.

    Only what is burned may be missing in the end: its last copy was destroyed. `machines` are the tills that were put
    back with their anchor, which can't know by themselves that they print numbers again.
    """

    gone: dict[bytes, JournalEntry] = {}
    burned: set[bytes] = set()
    machines: set[str] = set()


class Siege:
    """`run`, then `drain`. `say` is called about once a second, for whoever wants to show how it goes."""

    def __init__(self, office: HeadOffice, tills: Sequence[BesiegedTill], seed: int, say: Say) -> None:
        self.office = office
        self.tills = tills
        self.injected: Counter[Kind] = Counter()
        self.prices_changed = 0
        self.sticks = 0
        self.refused_to_start = 0
        """How often the server found no database and said so; whoever looks after it starts it again."""
        self.server_ended: list[str] = []
        self.remains = Remains()
        self.drained_s: float | None = None
        self.catalogue_s: float | None = None
        self._say = say
        self._chance = random.Random(seed)
        self._database_is_up = True
        self._database_back_at_s = -_SERVER_STARTS_WITHIN_S
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._ticket = itertools.count()
        self._put_off = 0
        self._pause = Event()
        self._began = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def run(self, faults: Sequence[Fault]) -> None:
        """Returns once the last fault has happened and all of them are over."""
        self._began = time.monotonic()
        *others, last = faults
        for fault in others:
            self._at(fault.at_s, lambda fault=fault: self._inject(fault))  # type: ignore[misc]
        for every, work in ((_COPY_EVERY_S, self._keep_copy), (_PRICE_EVERY_S, self._change_a_price)):
            for number in range(1, int(last.at_s / every) + 1):
                self._at(number * every, work)
        self._at(0.0, self._look_around)
        self._work_off(last.at_s)
        self._inject(last)
        self._heal()

    def _work_off(self, until_s: float) -> None:
        """Longer than that while there are faults that had to be put off: on a slow machine none gets lost."""
        while self._due and (self._due[0][0] <= until_s or self._put_off):
            at_s, _, work = heapq.heappop(self._due)
            self._pause.wait(max(0.0, at_s - self.elapsed_s))
            work()

    def _at(self, at_s: float, work: Callable[[], object]) -> None:
        heapq.heappush(self._due, (at_s, next(self._ticket), work))

    def _after(self, seconds: float, work: Callable[[], object]) -> None:
        self._at(self.elapsed_s + seconds, work)

    def _look_around(self) -> None:
        self._watch()
        self._say(self)
        self._after(1.0, self._look_around)

    def _watch(self) -> None:
        for till in self.tills:
            till.look_after()
        if self.office.ended_by_itself():
            if self.elapsed_s < self._database_back_at_s + _SERVER_STARTS_WITHIN_S:
                self.refused_to_start += 1
            else:
                self.server_ended.append(f"the server ended by itself after {self.elapsed_s:.0f} s")
            self.office.start()

    def _keep_copy(self) -> None:
        if self._database_is_up:
            self.office.database.keep_copy()

    def _change_a_price(self) -> None:
        self.prices_changed += self.office.change_a_price(self._chance)

    # faults

    def _inject(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.KILL_SERVER:
                self._to_server(fault, self.office.kill, self.office.start)
            case Kind.STOP_SERVER:
                self._to_server(fault, self.office.pause, self.office.go_on)
            case Kind.DATABASE_DOWN:
                self._stop_database(fault)
            case Kind.RESTORE_SERVER:
                self._restore_server(fault)
            case Kind.KILL_TILL:
                self._kill_till(fault)
            case Kind.STOP_TILL:
                self._stop_till(fault)
            case Kind.RESTORE_TILL | Kind.RESTORE_MACHINE:
                self._restore_till(fault)
            case _:
                self._spoil_line(fault)

    def _again_soon(self, fault: Fault) -> None:
        """What it needs is not there now."""
        self._put_off += 1
        self._after(1.0, lambda: self._inject_after_all(fault))

    def _inject_after_all(self, fault: Fault) -> None:
        self._put_off -= 1
        self._inject(fault)

    def _to_server(self, fault: Fault, do: Callable[[], bool], undo: Callable[[], object]) -> None:
        if not do():
            self._again_soon(fault)
            return
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, undo)

    def _stop_database(self, fault: Fault) -> None:
        if not self._database_is_up:
            self._again_soon(fault)
            return
        self.office.database.stop_at_once()
        self._database_is_up = False
        self._database_back_at_s = self.elapsed_s + fault.lasts_s
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, self._start_database)

    def _start_database(self) -> None:
        if not self._database_is_up:
            self.office.database.start()
            self._database_is_up = True

    def _restore_server(self, fault: Fault) -> None:
        self._start_database()
        self._count_kill(Kind.KILL_SERVER, self.office.kill())
        self.office.put_back(fault.draw)
        self.remains.burned |= self.remains.gone.keys() - self.office.held()
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, self.office.start)

    def _kill_till(self, fault: Fault) -> None:
        till = self._first(fault, lambda till: till.kill())
        if till is None:
            self._again_soon(fault)
            return
        self.injected[fault.kind] += 1
        if fault.draw < _KILLS_THAT_LEAVE_A_COPY or not any(till.has_copy for till in self.tills):
            till.keep_copy()
        self._after(fault.lasts_s, till.start)

    def _stop_till(self, fault: Fault) -> None:
        till = self._first(fault, lambda till: till.pause())
        if till is None:
            self._again_soon(fault)
            return
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, till.go_on)

    def _restore_till(self, fault: Fault) -> None:
        """A copy of the server from before would take the last copies of what the till has lost; it is not used."""
        till = self._first(fault, lambda till: till.has_copy)
        if till is None or not self._database_is_up:
            self._again_soon(fault)
            return
        self._count_kill(Kind.KILL_TILL, till.kill())
        whole_machine = fault.kind is Kind.RESTORE_MACHINE
        gone = {entry.event_id: entry for entry in till.put_back(whole_machine=whole_machine)}
        if whole_machine:
            self.remains.machines.add(till.till_id)
        self.remains.gone |= gone
        carried = till.card_on_a_stick()
        if carried is not None:
            self.office.take_in(*carried)
            self.sticks += 1
        self.remains.burned |= gone.keys() - self.office.held()
        self.office.database.forget_copies()
        self.office.database.keep_copy()
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, till.start)

    def _spoil_line(self, fault: Fault) -> None:
        line = self.tills[fault.till].line
        match fault.kind:
            case Kind.DEAF:
                line.part(DOWN)
            case Kind.MUTE:
                line.part(UP)
            case Kind.APART:
                line.part(UP, DOWN)
            case Kind.RESET:
                line.reset()
            case Kind.LOST_ANSWER:
                line.cut_next_answer()
            case Kind.SLOW:
                line.delay(fault.draw * _LONGEST_DELAY_S)
            case Kind.LOSSY if line.loses_packets:
                line.lose(10 + int(fault.draw * 40))
            case _:
                return
        self.injected[fault.kind] += 1
        self._after(fault.lasts_s, line.mend)

    def _first(self, fault: Fault, fits: Callable[[BesiegedTill], bool]) -> BesiegedTill | None:
        """The fault's till, or the next one that it can befall."""
        in_order = (*self.tills[fault.till :], *self.tills[: fault.till])
        return next((till for till in in_order if fits(till)), None)

    def _count_kill(self, kind: Kind, happened: bool) -> None:
        self.injected[kind] += happened

    # peace

    def _heal(self) -> None:
        self._start_database()
        self.office.go_on()
        self.office.start()
        for till in self.tills:
            till.close_counter()
            till.line.mend()
            till.go_on()
            till.start()

    def drain(self) -> None:
        """Nothing is sold any more; how long until the server holds and has booked all, and all hold its catalogue."""
        began = time.monotonic()
        self.drained_s = self._seconds_until(is_drained, began)
        self.catalogue_s = self._seconds_until(is_level, began)

    def _seconds_until(self, done: Peace, began: float) -> float | None:
        while not done(self.office, self.tills):
            if time.monotonic() - began > _GIVEN_UP_AFTER_S:
                return None
            self._watch()
            self._say(self)
            self._pause.wait(0.5)
        return time.monotonic() - began
