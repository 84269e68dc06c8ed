"""Two printers as one: when the first takes nothing, the second prints."""

from __future__ import annotations

from hardware.printers.base import NotSent, Printed, PrintOutcome, ReceiptPrinter
from hardware.receipt_document import ReceiptDocument
from hardware.status import PrinterStatus


class FailoverPrinter:
    """A `ReceiptPrinter`. A receipt that may be on the first one's paper is never sent to the second."""

    def __init__(self, first: ReceiptPrinter, second: ReceiptPrinter) -> None:
        self._first = first
        self._second = second

    @property
    def name(self) -> str:
        return self._first.name

    @property
    def place(self) -> str:
        return self._first.place

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        outcome = self._first.print(document)
        if not isinstance(outcome, NotSent):
            return outcome
        instead = self._second.print(document)
        if isinstance(instead, NotSent):
            return outcome
        if isinstance(instead, Printed):
            note = f"The receipt is at {self._second.name} ({self._second.place}). {outcome.reason}"
            return Printed(instead.confirmed, note)
        return instead

    def status(self) -> PrinterStatus:
        """The second one's where only that would print."""
        first = self._first.status()
        if first.can_print:
            return first
        second = self._second.status()
        return second if second.can_print else first
