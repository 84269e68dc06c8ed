"""What lies on a scale made of software, and how that scale is."""

from __future__ import annotations

import threading

from hardware.scales.base import Unit

_ZERO_RANGE_PERCENT = 2


class Plate:
    """Thousandths of `unit`. Any thread may change it."""

    def __init__(self, unit: Unit = "kg", capacity_milli: int = 15_000) -> None:
        self.unit = unit
        self.capacity_milli = capacity_milli
        self._lock = threading.Lock()
        self._load_milli = 0
        self._zero_milli = 0
        self.tare_milli = 0
        self.in_motion = False
        self.has_moved = False
        """Since the last time that a weight was told; some scales tell each only once."""
        self.miscalculates = False

    def put(self, milli: int) -> None:
        """This is what lies on it now; negative where somebody lifts the plate."""
        with self._lock:
            self._load_milli, self.has_moved = milli, True

    @property
    def gross_milli(self) -> int:
        return self._load_milli - self._zero_milli

    @property
    def net_milli(self) -> int:
        return self.gross_milli - self.tare_milli

    @property
    def is_overloaded(self) -> bool:
        return self.gross_milli > self.capacity_milli

    def zero(self) -> bool:
        """Only what is nearly nothing can be made nothing."""
        near = abs(self._load_milli) * 100 <= self.capacity_milli * _ZERO_RANGE_PERCENT
        if self.in_motion or self.tare_milli or not near:
            return False
        self._zero_milli = self._load_milli
        return True

    def tare(self) -> bool:
        if self.in_motion or self.is_overloaded or self.gross_milli < 0:
            return False
        self.tare_milli = self.gross_milli
        return True

    def price_of(self, milli: int, unit_price_minor: int) -> int:
        exact = (milli * unit_price_minor * 2 + 1000) // 2000
        return exact + 1 if self.miscalculates else exact
