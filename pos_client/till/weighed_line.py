"""The line that is on the scale: one at a time, and what the scale says counts for this one alone."""

from __future__ import annotations

from hardware.scales.base import Reading, WeighRequest
from pos_client.till.ports import Scales
from pos_client.till.refusals import Refused
from pos_client.till.state import WeighingView, Words

_SCALE_UNIT = "kg"
"""Scales that calculate prices do so for this unit."""


class WeighedLine:
    def __init__(self, scales: Scales) -> None:
        self._scales = scales
        self._weighing: int | None = None
        self._unit = ""

    @property
    def is_possible(self) -> bool:
        return self._scales.is_set_up

    def begin(self, name: str, unit: str, unit_price_minor: int) -> None:
        self.end()
        price = unit_price_minor if unit == _SCALE_UNIT else 0
        self._weighing, self._unit = self._scales.begin(WeighRequest(price, name)), unit

    def end(self) -> None:
        """Whatever the scale says from now on is for nobody."""
        if self._weighing is not None:
            self._scales.end(self._weighing)
            self._weighing = None

    def take(self) -> int:
        """Thousandths of the product's unit; raises Refused with what is in the way."""
        reading = self._reading()
        if reading is None:
            raise Refused("scale_silent")
        quantity = self._quantity(reading)
        if reading.condition != "stable":
            raise Refused(f"scale_{reading.condition}")
        if quantity is None:
            raise Refused("scale_unit_unusable")
        return quantity

    def zero(self) -> None:
        if self._weighing is not None:
            self._scales.zero(self._weighing)

    def tare(self) -> None:
        if self._weighing is not None:
            self._scales.tare(self._weighing)

    def view(self) -> WeighingView | None:
        if self._weighing is None:
            return None
        look = self._scales.look(self._weighing)
        reading = look.reading
        if reading is None:
            return WeighingView(Words("scale_asking"), self._unit)
        quantity = self._quantity(reading)
        return WeighingView(
            Words(f"scale_{_said(reading, look.told, quantity)}"),
            self._unit,
            quantity,
            reading.weight is not None and reading.weight.is_net,
            reading.condition == "stable" and quantity is not None,
        )

    def _reading(self) -> Reading | None:
        return None if self._weighing is None else self._scales.look(self._weighing).reading

    def _quantity(self, reading: Reading) -> int | None:
        return None if reading.weight is None else reading.weight.in_unit(self._unit)


def _said(reading: Reading, told: Reading | None, quantity: int | None) -> str:
    """What came of a key of the scale goes before how it is, as long as it did not do what it was asked."""
    if told is not None and told.condition != "done":
        return told.condition
    if reading.weight is not None and quantity is None:
        return "unit_unusable"
    return reading.condition
