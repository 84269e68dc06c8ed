"""What every cash drawer can do, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec


class Pulsed(msgspec.Struct, frozen=True, tag="pulsed"):
    """The pulse has left. Hardly any drawer says whether it opened."""


class NotPulsed(msgspec.Struct, frozen=True, tag="not_pulsed"):
    """No pulse has left; `reason` says what to do."""

    reason: str


class PulseUncertain(msgspec.Struct, frozen=True, tag="pulse_uncertain"):
    """The pulse may have left: never send another by yourself."""

    reason: str


OPEN_BY_KEY = "Open the drawer with its key."
OPEN_BY_KEY_IF_SHUT = "Open the drawer with its key if it is shut."
DrawerState = Literal["open", "closed", "unknown"]
PulseOutcome = Pulsed | NotPulsed | PulseUncertain


def nobody_asked() -> None:
    """For callers that keep no record."""


class KeyOnlyDrawer:
    """A `CashDrawer` that nothing opens from here."""

    name = "Cash drawer"

    def open(self, about_to_send: Callable[[], None] = nobody_asked) -> PulseOutcome:
        return NotPulsed(OPEN_BY_KEY)

    def state(self) -> DrawerState:
        return "unknown"


class CashDrawer(Protocol):
    """Blocks up to its time limits, so call it from a worker; a broken device is an outcome, not an error."""

    @property
    def name(self) -> str: ...

    def open(self, about_to_send: Callable[[], None] = nobody_asked) -> PulseOutcome:
        """At most one pulse a call, never repeated.

        `about_to_send` is called when all is ready and the next thing is the pulse itself: there the caller writes down
        that it goes. What it raises comes out here, and no byte has left.
        """

    def state(self) -> DrawerState:
        """'unknown' where nothing feels it."""
