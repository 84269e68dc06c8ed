"""The till's outbox with the oracle looking on: every move of the cursor must be what the server said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pos_client.store.books import TillBooks
from shared_models.checkpoint import Checkpoint

if TYPE_CHECKING:
    from tests.simulation.till import Till


class WatchedOutbox:
    """Implements `sync.ports.Outbox`."""

    def __init__(self, books: TillBooks, till: Till) -> None:
        self._books = books
        self._till = till

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    def acknowledge(
        self, incarnation: bytes, high: int, safe_through: int, checkpoint: Checkpoint | None = None
    ) -> None:
        self._books.acknowledge(incarnation, high, safe_through, checkpoint)
        self._till.oracle.believes_safe(self._till.name, incarnation, safe_through)
        for segment in self._books.segments():
            if segment.incarnation == incarnation:
                own = self._books.entry_hash(incarnation, segment.acked)
                self._till.oracle.acknowledged(self._till.name, incarnation, segment.acked, own)
