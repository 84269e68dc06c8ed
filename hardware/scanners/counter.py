"""All scanners of a counter that have a wire of their own, as one."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from hardware.scanners.address import scanner_at
from hardware.scanners.base import ScanOutcome
from hardware.scanners.wired import WiredScanner

_LOOK_S = 0.1


class CounterScanners:
    """Set `on_scan` and `on_change` before `start`; both are called on the scanners' threads.

    `on_change` gets a sentence when a scanner is lost, and when it is back; not when one is found at the start.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.scanners = [scanner_at(address) for address in addresses]
        self.on_scan: Callable[[ScanOutcome], None] = lambda outcome: None
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None
        self._lost: set[WiredScanner] = set()
        self._awaited: dict[WiredScanner, queue.Queue[ScanOutcome]] = {}

    def start(self) -> None:
        for scanner in self.scanners:
            scanner.on_change = self._teller(scanner)
            scanner.start(self._hearer(scanner))

    def stop(self) -> None:
        for scanner in self.scanners:
            scanner.stop()

    def next_scan(self, scanner: WiredScanner, stop: threading.Event, wait_s: float) -> ScanOutcome | None:
        """The next scan of this one, which then goes nowhere else; None when none came in time, or once stopped."""
        heard: queue.Queue[ScanOutcome] = queue.Queue()
        self._awaited[scanner] = heard
        deadline = time.monotonic() + wait_s
        try:
            while not stop.is_set() and time.monotonic() < deadline:
                with suppress(queue.Empty):
                    return heard.get(timeout=_LOOK_S)
            return None
        finally:
            self._awaited.pop(scanner, None)

    def _hearer(self, scanner: WiredScanner) -> Callable[[ScanOutcome], None]:
        def hear(outcome: ScanOutcome) -> None:
            awaited = self._awaited.pop(scanner, None)
            if awaited is None:
                self.on_scan(outcome)
            else:
                awaited.put(outcome)

        return hear

    def _teller(self, scanner: WiredScanner) -> Callable[[bool, str], None]:
        def tell(is_there: bool, message: str) -> None:
            if is_there and scanner not in self._lost:
                return
            if is_there:
                self._lost.discard(scanner)
            else:
                self._lost.add(scanner)
            self.on_change(is_there, message)

        return tell
