"""What a scanner hands over, and what every scanner can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

BadScanReason = Literal["control_characters", "too_long", "cut_short", "wrong_frame"]


class Scan(msgspec.Struct, frozen=True, tag="scan"):
    """A code as the scanner read it; whether any product has it is not the scanner's business."""

    text: str


class BadScan(msgspec.Struct, frozen=True, tag="bad_scan"):
    """Something was scanned that can't be a code; in `shown` control characters are spelt out."""

    reason: BadScanReason
    shown: str

    @property
    def message(self) -> str:
        if self.reason == "too_long":
            return "That code is too long for a product. Scan the product's own barcode."
        if self.reason == "cut_short":
            return f"The scanner sent only part of a code: {self.shown}. Scan again."
        if self.reason == "wrong_frame":
            return (
                f"{self.shown} lacks the prefix or suffix that is set up for the scanner. Check its settings."
            )
        return f"The scanner sent something that is not a code: {self.shown}. Scan again, or type the number."


ScanOutcome = Scan | BadScan


class Scanner(Protocol):
    """A scanner with its own wire (serial, USB HID). A keyboard wedge has none: see `wedge`.

    `on_scan` is called on the scanner's own thread.
    """

    @property
    def name(self) -> str: ...

    def start(self, on_scan: Callable[[ScanOutcome], None]) -> None: ...

    def stop(self) -> None: ...


def visible(text: str) -> str:
    """`text` with everything that doesn't print spelt out, cut to what fits in a sentence."""
    shown = "".join(each if each.isprintable() else f"<{ord(each):02X}>" for each in text)
    return shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"


_LONGEST_SHOWN = 40
