"""What every cash drawer can do, and what can come of it."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Pulsed(msgspec.Struct, frozen=True, tag="pulsed"):
    """The pulse has left. Hardly any drawer says whether it opened."""


class NotPulsed(msgspec.Struct, frozen=True, tag="not_pulsed"):
    """No pulse has left; `reason` says what to do."""

    reason: str


class PulseUncertain(msgspec.Struct, frozen=True, tag="pulse_uncertain"):
    """The pulse may have left: never send another by yourself."""

    reason: str


PulseOutcome = Pulsed | NotPulsed | PulseUncertain


class CashDrawer(Protocol):
    """Blocks up to its time limits, so call it from a worker; a broken device is an outcome, not an error."""

    @property
    def name(self) -> str: ...

    def open(self) -> PulseOutcome:
        """At most one pulse a call, never repeated: the caller writes down the reason first."""
