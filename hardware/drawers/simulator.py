"""A cash drawer without hardware, for training and tests."""

from __future__ import annotations

from hardware.drawers.base import NotPulsed, Pulsed, PulseOutcome


class SimulatedDrawer:
    """A `CashDrawer` that counts how often it was opened; `jammed` makes it refuse."""

    name = "Simulated drawer"

    def __init__(self) -> None:
        self.times_opened = 0
        self.jammed = False

    def open(self) -> PulseOutcome:
        if self.jammed:
            return NotPulsed("The drawer can't be opened from here. Open it with its key.")
        self.times_opened += 1
        return Pulsed()
