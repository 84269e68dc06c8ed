"""What the status line says, put together from the workers' reports and the books. It shows and never blocks."""

from __future__ import annotations

from typing import Protocol

import msgspec

from pos_client.spooler import SpoolerStatus
from pos_client.sync.path_choice import HUB
from pos_client.sync.status import SyncStatus
from pos_client.till.ports import Unsent
from pos_client.till.state import TillStatus
from shared_models.errors import ShopError


class Ledger(Protocol):
    def unsent(self) -> Unsent: ...
    def trouble(self) -> str: ...


class Copy(Protocol):
    def as_of_ms(self) -> int | None: ...


class StatusLine:
    """Workers call `hear_…` on their threads; the window asks `now()`, which takes microseconds."""

    def __init__(self, books: Ledger, catalogue: Copy) -> None:
        self._books = books
        self._catalogue = catalogue
        self._sync: SyncStatus | None = None
        self._spooler = SpoolerStatus(None)
        self._any_prints, self._printer_trouble = True, ""
        self._last = TillStatus()

    def hear_sync(self, status: SyncStatus) -> None:
        self._sync = status

    def hear_spooler(self, status: SpoolerStatus) -> None:
        self._spooler = status

    def hear_printers(self, any_prints: bool, trouble: str) -> None:
        """What the watch over the printers saw, between two jobs."""
        self._any_prints, self._printer_trouble = any_prints, trouble

    def now(self) -> TillStatus:
        """A file that can't be read is said in words, beside what was known last."""
        try:
            self._last = self._look()
        except ShopError as reason:
            self._last = msgspec.structs.replace(self._last, sync_message=reason.message)
        return self._last

    def _look(self) -> TillStatus:
        unsent, sync, spooler = self._books.unsent(), self._sync, self._spooler
        return TillStatus(
            online=None if sync is None else sync.online,
            by_hub=sync is not None and sync.path == HUB,
            unsent_entries=unsent.entries,
            oldest_unsent_at_ms=unsent.oldest_at_ms,
            unsent_value_minor=unsent.value_minor,
            catalogue_as_of_ms=self._as_of(sync),
            printer_ok=spooler.ok if self._any_prints else False,
            printer_message=self._printer_words(spooler),
            unsure_receipts=spooler.unsure_receipts,
            clock_drift_ms=(sync.clock_offset_ms or 0) if sync else 0,
            sync_message=self._books.trouble() or _message(sync),
        )

    def _printer_words(self, spooler: SpoolerStatus) -> str:
        if self._any_prints:
            return spooler.message or self._printer_trouble
        return self._printer_trouble

    def _as_of(self, sync: SyncStatus | None) -> int | None:
        """When the catalogue was last known to be what head office has: its newest change, or a later look."""
        known = [self._catalogue.as_of_ms(), sync.catalogue_as_of_ms if sync else None]
        return max((at_ms for at_ms in known if at_ms is not None), default=None)


def _message(sync: SyncStatus | None) -> str:
    return (sync.message or sync.notice or sync.catalogue_message) if sync else ""
