"""All scanners of a counter that have a wire of their own, as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardware.scanners.address import scanner_at
from hardware.scanners.base import ScanOutcome
from hardware.scanners.wired import WiredScanner


class CounterScanners:
    """Set `on_scan` and `on_change` before `start`; both are called on the scanners' threads.

    `on_change` gets a sentence when a scanner is lost, and when it is back; not when one is found at the start.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.scanners = [scanner_at(address) for address in addresses]
        self.on_scan: Callable[[ScanOutcome], None] = lambda outcome: None
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None
        self._lost: set[WiredScanner] = set()

    def start(self) -> None:
        for scanner in self.scanners:
            scanner.on_change = self._teller(scanner)
            scanner.start(self.on_scan)

    def stop(self) -> None:
        for scanner in self.scanners:
            scanner.stop()

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
