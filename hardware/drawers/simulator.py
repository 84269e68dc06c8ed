"""A cash drawer without hardware, for training and tests."""

from __future__ import annotations

from collections.abc import Callable

from hardware.drawers.base import DrawerState, NotPulsed, Pulsed, PulseOutcome, nobody_asked


class SimulatedDrawer:
    """A `CashDrawer` that counts how often it was opened; `jammed` makes it refuse."""

    name = "Simulated drawer"

    def __init__(self) -> None:
        self.times_opened = 0
        self.jammed = False

    def open(self, about_to_send: Callable[[], None] = nobody_asked) -> PulseOutcome:
        if self.jammed:
            return NotPulsed("The drawer can't be opened from here. Open it with its key.")
        about_to_send()
        self.times_opened += 1
        return Pulsed()

    def state(self) -> DrawerState:
        return "unknown"
