"""Keys with timings as scanners and people make them, and a scanner without hardware."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec

from hardware.scanners.base import Scan, ScanOutcome
from hardware.scanners.wedge import ENTER


class KeyStroke(msgspec.Struct, frozen=True):
    key: str
    at_ms: int


DELAYS_MS = (1, 4, 8, 12, 16, 32, 35)
"""From key to key, as makers state it: NCR's RealPOS 7893 can be set to 1 (as it comes), 4, 8, 16, 32 and 64 ms
(user guide, 'Inter Character Delay'), MagTek's wireless MagneSafe V5 comes with 12 and was found to need up to 35, and
50 with one tablet (programming reference, 'Inter-Key Delay Property'). What is above 35 needs a prefix, or a setting.
"""

# Gaps between keys, in milliseconds; repeated for as long as the code is.
FAST_SCANNER_GAPS_MS = (0, 1, 1, 0, 2, 1)
USUAL_SCANNER_GAPS_MS = (4, 8, 5, 4, 9, 6)
SLOW_SCANNER_GAPS_MS = (16, 24, 18, 31, 16, 22)
# Of people: the quick ones overlap their keys now and then, but never for long.
FAST_TYPIST_GAPS_MS = (72, 31, 95, 64, 22, 88, 110, 57)
USUAL_TYPIST_GAPS_MS = (140, 180, 90, 210, 160)


def gaps_of(delay_ms: int, jitter_ms: int, chance: Random, count: int = 64) -> tuple[int, ...]:
    """Gaps of a scanner with this delay, each up to `jitter_ms` earlier or later."""
    return tuple(max(0, delay_ms + chance.randint(-jitter_ms, jitter_ms)) for _ in range(count))


def strokes(
    text: str, gaps_ms: Sequence[int] = USUAL_SCANNER_GAPS_MS, *, start_ms: int = 0, end: str = ENTER
) -> Iterator[KeyStroke]:
    """`text` and `end`, key by key."""
    at_ms = start_ms
    for number, key in enumerate(text + end):
        if number:
            at_ms += gaps_ms[(number - 1) % len(gaps_ms)]
        yield KeyStroke(key, at_ms)


class SimulatedScanner:
    """A `Scanner` that scans what it is told to."""

    name = "Simulated scanner"

    def __init__(self) -> None:
        self._on_scan: Callable[[ScanOutcome], None] | None = None

    def start(self, on_scan: Callable[[ScanOutcome], None]) -> None:
        self._on_scan = on_scan

    def stop(self) -> None:
        self._on_scan = None

    def scan(self, text: str) -> None:
        """Nothing happens while it is stopped, as with a scanner that is unplugged."""
        if self._on_scan is not None:
            self._on_scan(Scan(text))
