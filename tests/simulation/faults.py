"""What befalls the shop: each kind of fault comes again and again at random times, as often as the conditions say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulation.chance import Chance
from tests.simulation.conditions import MINUTE_MS
from tests.simulation.till import Till

if TYPE_CHECKING:
    from tests.simulation.world import World

_TEN_YEARS_MS = 10 * 365 * 24 * 60 * MINUTE_MS
_MOST_TILLS = 8


class Faults:
    def __init__(self, world: World, chance: Chance, folder: Path) -> None:
        self._world = world
        self._chance = chance
        self._folder = folder
        self._over = False
        self._clones = 0

    def begin(self) -> None:
        conditions = self._world.conditions
        self._again(conditions.till_crash_every_ms, self._crash_a_till)
        self._again(conditions.server_crash_every_ms, self._crash_the_server)
        self._again(conditions.partition_every_ms, self._cut_a_line)
        self._again(conditions.disk_full_every_ms, self._fill_a_disk)
        self._again(conditions.clock_jump_every_ms, self._set_a_clock)
        if conditions.till_restore_every_ms or conditions.clone_every_ms:
            self._again(conditions.backup_every_ms, self._back_up_a_till)
        self._again(conditions.till_restore_every_ms, self._restore_a_till)
        self._again(conditions.clone_every_ms, self._clone_a_till)
        self._again(conditions.till_loss_every_ms, self._lose_a_till)
        if conditions.server_restore_every_ms or conditions.restore_at_the_end:
            self._again(conditions.backup_every_ms, self.back_up_the_server)
        self._again(conditions.server_restore_every_ms, self.restore_the_server)

    def end(self) -> None:
        """Everything that was taken away is given back, and nothing more befalls."""
        self._over = True
        self._world.office.disk_is_full = False
        self._world.office.life.spare()
        for till in self._world.tills:
            for line in till.lines:
                line.calm = True
                line.lets_in = line.lets_out = True
            till.free_writes = None
            if till.program is not None:
                till.program.life.spare()
                till.program.line_is_back()

    def _again(self, every_ms: int, fault: Callable[[], None]) -> None:
        if not every_ms:
            return

        def befall() -> None:
            if not self._over:
                fault()
                self._again(every_ms, fault)

        self._world.scheduler.after(self._chance.between(1, 2 * every_ms), befall)

    def _later(self, most_ms: int, work: Callable[[], None]) -> None:
        self._world.scheduler.after(self._chance.spread(100, most_ms), lambda: None if self._over else work())

    def _a_till(self) -> Till | None:
        living = [till for till in self._world.tills if not till.is_lost]
        return self._chance.pick(living) if living else None

    # Crashes

    def _crash_a_till(self) -> None:
        """Mostly at a statement to come: of a sale, of an acknowledgement, of the start itself."""
        till = self._a_till()
        if till is None or till.program is None:
            return
        if self._chance.happens(0.9):
            till.program.life.will_end_after(self._chance.between(0, 60))
        else:
            till.crash()

    def _crash_the_server(self) -> None:
        if self._chance.happens(0.9):
            self._world.office.life.will_end_after(self._chance.spread(1, 200))
        else:
            self._world.office.crash()

    # Lines, disks, clocks

    def _cut_a_line(self) -> None:
        till = self._a_till()
        if till is None:
            return
        line, way = till.line, self._chance.pick(("in", "out", "both"))
        line.lets_in, line.lets_out = way == "out", way == "in"
        self._world.tally[f"lines cut: {way}"] += 1
        self._world.trace.note(f"{till.name}'s line is cut: {way}")

        def mend() -> None:
            line.lets_in = line.lets_out = True
            if till.program is not None and self._chance.happens(0.5):
                till.program.line_is_back()

        self._later(5 * MINUTE_MS, mend)

    def _fill_a_disk(self) -> None:
        if self._chance.happens(0.3):
            office = self._world.office
            office.disk_is_full = True
            self._later(MINUTE_MS, lambda: setattr(office, "disk_is_full", False))
            return
        till = self._a_till()
        if till is not None:
            till.free_writes = self._chance.between(0, 100)
            self._later(2 * MINUTE_MS, lambda: setattr(till, "free_writes", None))

    def _set_a_clock(self) -> None:
        till = self._a_till()
        clock = self._world.office.clock if till is None or self._chance.happens(0.15) else till.clock
        self._world.tally["clocks set wrong"] += 1
        if self._chance.happens(0.3):
            clock.stop()
        else:
            by_ms = self._chance.pick((_TEN_YEARS_MS, -_TEN_YEARS_MS, 60 * MINUTE_MS, -60 * MINUTE_MS, -1))
            clock.jump(by_ms)
        self._later(10 * MINUTE_MS, clock.go_right)

    # Old copies

    def _backup_of(self, till: Till) -> Path:
        return self._folder / till.name

    def _back_up_a_till(self) -> None:
        till = self._a_till()
        if till is not None:
            till.back_up(self._backup_of(till))

    def _restore_a_till(self) -> None:
        till = self._a_till()
        if till is not None and self._backup_of(till).exists():
            till.restore(self._backup_of(till), self._chance.happens(self._world.conditions.keeps_anchor))

    def _clone_a_till(self) -> None:
        """Two machines from one disk, both of them sold at: the disk as it is now, or an old copy of it."""
        till = self._a_till()
        if till is None or len(self._world.tills) >= _MOST_TILLS:
            return
        self._clones += 1
        disk = self._folder / f"clone-{self._clones}"
        till.back_up(disk)
        self._world.add_clone(till, disk)

    def _lose_a_till(self) -> None:
        """Never the last one."""
        living = [till for till in self._world.tills if not till.is_lost]
        if len(living) > 1:
            self._chance.pick(living).lose()

    def back_up_the_server(self) -> None:
        self._world.office.back_up(self._folder / "server")

    def restore_the_server(self) -> None:
        if (self._folder / "server").exists():
            self._world.office.restore(self._folder / "server", says_so=self._chance.happens(0.8))
            for _ in range(self._chance.between(0, 6)):
                self._later(20_000, self._world.redo)
