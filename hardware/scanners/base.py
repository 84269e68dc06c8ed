"""What a scanner hands over, and what every scanner can do."""

from __future__ import annotations

import re
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


GROUP_SEPARATOR = "\x1d"
_AIM_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")


def without_symbology(text: str) -> str:
    """Without the AIM identifier (ISO/IEC 15424) that a scanner may put before the code, such as ']C0'."""
    return _AIM_IDENTIFIER.sub("", text, count=1) if text.startswith("]") else text


def outcome_of(text: str, *, separators_allowed: bool = True) -> ScanOutcome:
    """What a scanner read, unless there are signs in it that no code has."""
    checked = text.replace(GROUP_SEPARATOR, "") if separators_allowed else text
    return Scan(text) if checked.isprintable() else BadScan("control_characters", visible(text))


def visible(text: str) -> str:
    """`text` with everything that doesn't print spelt out, cut to what fits in a sentence."""
    shown = "".join(each if each.isprintable() else f"<{ord(each):02X}>" for each in text)
    return shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"


_LONGEST_SHOWN = 40
