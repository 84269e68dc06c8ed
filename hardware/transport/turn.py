"""One caller at a time: a drawer and a printer share a device, and most printers serve nobody else meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hardware.transport.base import Busy

LONGEST_WAIT_S = 30.0


class Turn:
    def __init__(self, place: str, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self._place = place
        self._longest_wait_s = longest_wait_s
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises Busy when the others take too long."""
        if not self._lock.acquire(timeout=self._longest_wait_s):
            raise Busy(f"The device at {self._place} is busy. Try again in a moment.", place=self._place)
        try:
            yield
        finally:
            self._lock.release()
