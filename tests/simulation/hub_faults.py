"""What befalls the store's hub, in runs that have one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulation.chance import Chance
from tests.simulation.conditions import MINUTE_MS
from tests.simulation.network import Line

if TYPE_CHECKING:
    from tests.simulation.hub import Hub
    from tests.simulation.world import World

_TEN_YEARS_MS = 10 * 365 * 24 * 60 * MINUTE_MS


class HubFaults:
    def __init__(self, world: World, chance: Chance, folder: Path) -> None:
        self._world = world
        self._chance = chance
        self._copy = folder / "hub"
        self._proof = folder / "proof"
        self._over = False

    def begin(self) -> None:
        hub, conditions = self._world.hub, self._world.conditions.hub
        if hub is None or conditions is None:
            return
        self._again(conditions.crash_every_ms, lambda: self._crash(hub))
        self._again(conditions.cut_every_ms, lambda: self._cut(hub))
        self._again(conditions.loss_every_ms, hub.lose)
        if conditions.restore_every_ms:
            self._again(conditions.backup_every_ms, lambda: hub.back_up(self._copy))
        self._again(conditions.restore_every_ms, lambda: self._restore(hub))
        self._again(conditions.disk_full_every_ms, lambda: self._fill(hub))
        self._again(conditions.clock_jump_every_ms, lambda: self._set_clock(hub))
        self._again(conditions.proof_every_ms, self._prove_a_backup)

    def end(self) -> None:
        """What the hub still holds is to arrive, unless it is gone for good or shut out."""
        self._over = True
        hub, conditions = self._world.hub, self._world.conditions.hub
        if hub is None or conditions is None:
            return
        hub.line.calm = True
        hub.line.lets_in = hub.line.lets_out = True
        hub.disk_is_full = False
        hub.clock.go_right()
        hub.after_crash_ms = lambda: 1_000
        if hub.program is not None:
            hub.program.life.spare()
        if conditions.gone_at_the_end:
            hub.go_for_good()
        elif hub.is_welcome_at(self._world.office):
            self._world.oracle.finds(hub.events())

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

    def _crash(self, hub: Hub) -> None:
        if hub.program is not None and self._chance.happens(0.9):
            hub.program.life.will_end_after(self._chance.spread(1, 200))
        else:
            hub.crash()

    def _cut(self, hub: Hub) -> None:
        """From the central server, from one till or from all of them; in one direction or in both."""
        from_whom, way = (
            self._chance.weighted({"centre": 4, "one till": 2, "tills": 2, "everybody": 1}),
            self._way(),
        )
        to_tills = [till.hub_line for till in self._world.tills if till.hub_line is not None]
        lines: list[Line] = {
            "centre": [hub.line],
            "one till": [self._chance.pick(to_tills)],
            "tills": to_tills,
            "everybody": [hub.line, *to_tills],
        }[from_whom]
        self._world.tally[f"hub cut off from {from_whom}"] += 1
        self._world.trace.note(f"the hub is cut off from {from_whom}: {way}")
        for line in lines:
            line.lets_in, line.lets_out = way == "out", way == "in"

        def mend() -> None:
            for line in lines:
                line.lets_in = line.lets_out = True

        self._later(5 * MINUTE_MS, mend)

    def _way(self) -> str:
        return self._chance.pick(("in", "out", "both"))

    def _restore(self, hub: Hub) -> None:
        if self._copy.exists():
            hub.restore(self._copy)

    def _fill(self, hub: Hub) -> None:
        self._world.tally["hub: disk full"] += 1
        hub.disk_is_full = True
        self._later(MINUTE_MS, lambda: setattr(hub, "disk_is_full", False))

    def _set_clock(self, hub: Hub) -> None:
        self._world.tally["clocks set wrong"] += 1
        if self._chance.happens(0.3):
            hub.clock.stop()
        else:
            by_ms = self._chance.pick((_TEN_YEARS_MS, -_TEN_YEARS_MS, 60 * MINUTE_MS, -60 * MINUTE_MS, -1))
            hub.clock.jump(by_ms)
        self._later(10 * MINUTE_MS, hub.clock.go_right)

    def _prove_a_backup(self) -> None:
        self._world.office.back_up(self._proof)
        self._world.office.prove_backup(self._proof)
