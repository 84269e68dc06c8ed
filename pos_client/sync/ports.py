"""What the sync engine needs from the till's two files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pos_client.till.ports import Escrow, ParkedSale
from shared_models.checkpoint import Checkpoint
from shared_models.continuity import Reason
from shared_models.journal import Entry
from shared_models.leases import LeaseReply, LeaseRequest
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import SegmentState


class Outbox(Protocol):
    """The journal as a queue: unsent is what lies past the acknowledged entry of each incarnation.

    Safe to call from the sync thread while the till sells: reads see committed entries only.
    """

    def segments(self) -> tuple[SegmentState, ...]:
        """Every incarnation with entries, oldest first, the current one last."""

    def entries(self, incarnation: bytes, after_seq: int, limit: int, max_bytes: int) -> Sequence[Entry]:
        """At least one entry when there is one, however large."""

    def entry_hash(self, incarnation: bytes, seq: int) -> bytes | None: ...

    def acknowledge(
        self, incarnation: bytes, high: int, safe_through: int, checkpoint: Checkpoint | None = None
    ) -> None:
        """Moves the cursor, also back (a restored server), and keeps the server's signed word for it."""

    def reincarnate(self, incarnation: bytes, common: int, reason: Reason) -> None:
        """Leaves it after entry `common`; what came after is stamped again onto the current incarnation.

        A new one begins where it was itself the current one. Callable from the sync thread while the till sells.
        """

    def note_clock(self, offset_ms: int) -> None:
        """The server's clock less the till's; goes into entries and the status line, changes no clock."""


class LeaseBook(Protocol):
    """The till's leases, kept across a crash. Safe to call from the thread that asks while the till sells."""

    def asked(self, wanted: LeaseRequest) -> None:
        """Durable before the request leaves."""

    def answered(self, reply: LeaseReply, ends_ms: int) -> None:
        """`ends_ms` is on the till's clock."""

    def given_back(self, lease_id: str) -> None: ...

    def run_out(self, now_ms: int) -> None: ...

    def to_tell(self) -> tuple[tuple[str, int], ...]:
        """(lease_id, used) of those that the till is done with."""

    def told(self, lease_id: str) -> None: ...

    def escrows(self, account: str, subject: str, now_ms: int) -> tuple[Escrow, ...]: ...


class TicketBook(Protocol):
    """Parked tickets, and what the server knows of each."""

    def to_offer(self) -> tuple[ParkedSale, ...]: ...

    def offering(self, sale_id: str) -> None:
        """Durable before it leaves."""

    def offered(self, sale_id: str) -> None: ...

    def mine(self) -> tuple[str, ...]: ...

    def learn(self, moved_on: Sequence[str], unknown: Sequence[str]) -> None: ...


class CatalogueCopy(Protocol):
    """The replaceable copy of reference data. A page and its cursor are one transaction."""

    def positions(self) -> tuple[FeedPosition, ...]: ...

    def apply(self, page: FeedPage) -> bool:
        """False, with nothing changed, when the page starts elsewhere or the checksum does not fit."""

    def swap_in(self, path: Path) -> None:
        """Check `path` (quick_check, checksums), then put it in the copy's place while the till sells."""
