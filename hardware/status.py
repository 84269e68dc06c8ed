"""What a device says about itself, in words that a cashier can act on."""

from __future__ import annotations

from typing import Literal

import msgspec

PaperState = Literal["ok", "near_end", "out", "unknown"]
CoverState = Literal["closed", "open", "unknown"]


class PrinterStatus(msgspec.Struct, frozen=True):
    """`reachable`: there is a connection. `answers`: it answered when asked. `online`: it would print now."""

    reachable: bool
    answers: bool = False
    online: bool = False
    paper: PaperState = "unknown"
    cover: CoverState = "unknown"
    fault: bool = False
    unreachable_because: str = ""

    @property
    def can_print(self) -> bool:
        """False when something stands in the way that is known; a printer that can't answer may print."""
        return self.reachable and not self.obstacle

    @property
    def obstacle(self) -> str:
        """One sentence on what to do before it prints again; empty when nothing is known to be wrong."""
        if not self.reachable:
            return self.unreachable_because or "Printer can't be reached. Switch it on and check its cable."
        if self.cover == "open":
            return "The printer's cover is open. Close it and press Print again."
        if self.paper == "out":
            return "Printer is out of paper. Put in a roll and press Print again."
        if self.fault:
            return (
                "Printer has stopped. Check the paper and the knife, switch it off and on, then print again."
            )
        if self.answers and not self.online:
            return "Printer is paused. Press its Feed button, or switch it off and on, then print again."
        return ""

    @property
    def message(self) -> str:
        """One plain sentence, also when all is well."""
        if self.obstacle:
            return self.obstacle
        if not self.answers:
            return "Printer is connected, but does not say how it is."
        if self.paper == "near_end":
            return "Printer is ready. The paper is nearly used up."
        return "Printer is ready."


class DeviceReport(msgspec.Struct, frozen=True):
    """One device on the page that tells what is connected: a sentence on how it is, and named facts beneath."""

    name: str
    kind: str
    place: str
    works: bool
    message: str
    facts: tuple[tuple[str, str], ...] = ()
