"""What every receipt printer can do, and what can come of printing."""

from __future__ import annotations

from typing import Protocol

import msgspec

from hardware.receipt_document import ReceiptDocument
from hardware.status import PrinterStatus


class Printed(msgspec.Struct, frozen=True, tag="printed"):
    """It is on paper. `confirmed` is False for a printer that did not say so.

    `note` is for the cashier: where it came out, when not where it should have.
    """

    confirmed: bool = True
    note: str = ""


class NotSent(msgspec.Struct, frozen=True, tag="not_sent"):
    """Nothing of it is on paper, so it may be printed again; `reason` says what to do first."""

    reason: str


class Uncertain(msgspec.Struct, frozen=True, tag="uncertain"):
    """Some, all or nothing may be on paper: a person looks, and a second print says COPY."""

    reason: str


PrintOutcome = Printed | NotSent | Uncertain


class ReceiptPrinter(Protocol):
    """Blocks up to its time limits, so call it from a worker; a broken device is an outcome, not an error."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def print(self, document: ReceiptDocument) -> PrintOutcome: ...

    def status(self) -> PrinterStatus: ...
