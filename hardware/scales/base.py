"""What the till asks of any scale, and what it may answer. Weights are whole thousandths of a unit, as shown."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Literal, Protocol

import msgspec

Unit = Literal["kg", "g", "lb", "oz"]
Condition = Literal[
    "stable", "in_motion", "not_moved", "empty", "overload", "under_zero", "not_zeroed", "fault",
    "price_differs", "price_unusable", "checksums_wanted", "unit_unusable", "garbled", "cut_short",
    "silent", "unreachable", "not_possible", "done",
]  # fmt: skip

MESSAGES: dict[Condition, str] = {
    "stable": "The weight is steady.",
    "in_motion": "The weight is still moving. Wait until the scale is still.",
    "not_moved": "Take the goods off the scale and put them on again.",
    "empty": "There is nothing on the scale. Put the goods on it.",
    "overload": "That is too heavy for the scale. Take something off.",
    "under_zero": "The scale shows less than nothing. Empty it and press Zero, or put the goods on it.",
    "not_zeroed": "The scale is off its zero. Empty it and press Zero.",
    "fault": "The scale says that it is out of order. Type the weight, and have the scale looked at.",
    "price_differs": "The scale comes to another price than the till. Nothing was taken; weigh again.",
    "price_unusable": "The scale can't calculate with this price. Type the weight.",
    "checksums_wanted": "The scale refuses this till's checksums. Type the weight, and have the set-up looked at.",
    "unit_unusable": "The scale weighs in a unit or finer than this is sold by. Type the weight.",
    "garbled": "The scale sends what can't be read. Type the weight, and have its protocol and speed looked at.",
    "cut_short": "The scale broke off in the middle of its answer. Weigh again.",
    "silent": "The scale does not answer. Switch it on and check its cable, or type the weight.",
    "unreachable": "The scale can't be reached. Switch it on and check its cable, or type the weight.",
    "not_possible": "The scale does not do that for the till. Press its own key.",
    "done": "Done.",
}

_OUT_OF_REACH: frozenset[Condition] = frozenset(("garbled", "cut_short", "silent", "unreachable"))
_DECIMAL = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?", re.ASCII)
_DECIMALS = 3


class Weight(msgspec.Struct, frozen=True):
    """`milli` is thousandths of the unit: 350 of 'kg' are 350 g. `is_net`: a tare is taken off already."""

    milli: int
    unit: Unit
    is_net: bool = False

    def in_unit(self, unit: str) -> int | None:
        """Thousandths of another unit, where that is exact; a weight is never rounded into another."""
        times, parts = _RATIOS.get((self.unit, unit), (0, 1))
        return self.milli * times // parts if times and self.milli * times % parts == 0 else None


_RATIOS: dict[tuple[str, str], tuple[int, int]] = {
    **{(unit, unit): (1, 1) for unit in ("kg", "g", "lb", "oz")},
    ("kg", "g"): (1000, 1),
    ("g", "kg"): (1, 1000),
    ("lb", "oz"): (16, 1),
    ("oz", "lb"): (1, 16),
}


class Reading(msgspec.Struct, frozen=True):
    """One answer of a scale. Only a 'stable' one may be sold by; one 'in_motion' may show where it stands."""

    condition: Condition
    weight: Weight | None = None

    @property
    def message(self) -> str:
        return MESSAGES[self.condition]

    @property
    def is_answer(self) -> bool:
        """Whether the scale itself said it."""
        return self.condition not in _OUT_OF_REACH


class WeighRequest(msgspec.Struct, frozen=True):
    """For whom is weighed. `unit_price_minor` is for one unit of the scale; `name` for a scale that shows it."""

    unit_price_minor: int = 0
    name: str = ""


class ScaleStatus(msgspec.Struct, frozen=True):
    ready: bool
    message: str


class Weighing(Protocol):
    """The scale, for one line of one ticket. Every call takes a second or two at most.

    Raises SendFailed when the scale is gone.
    """

    def look(self) -> Reading:
        """Asks the scale now; what it had to say before this weighing began is never returned."""

    def zero(self) -> Reading:
        """'done', or why not."""

    def tare(self) -> Reading:
        """Takes off what is on the scale now, until the tare is cleared."""

    def clear_tare(self) -> Reading: ...

    @property
    def scale_keeps_tare(self) -> bool:
        """Whether a tare of this weighing outlives it, because it is the scale's own."""


class Scale(Protocol):
    """Every call takes as long as the scale does: never on the window's thread."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str:
        """Where the scale is, for people."""

    def weighing(self, request: WeighRequest) -> AbstractContextManager[Weighing]:
        """Raises NotReachable."""

    def status(self) -> ScaleStatus: ...


def weight_of(text: str, unit: Unit, *, is_net: bool = False) -> Reading:
    """A stable reading of decimal digits as scales send them: '00.350'. Nothing of it is rounded away."""
    found = _DECIMAL.fullmatch(text.strip(" "))
    if found is None:
        return Reading("garbled")
    whole, decimals = found[1], found[2] or ""
    if decimals[_DECIMALS:].strip("0"):
        return Reading("unit_unusable")
    milli = int(whole + decimals[:_DECIMALS].ljust(_DECIMALS, "0"))
    return Reading("stable", Weight(milli, unit, is_net)) if milli else Reading("empty")
