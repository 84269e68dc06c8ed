"""A till's journal in memory: really sealed entries behind the `Outbox` port."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from shared_models.checkpoint import Checkpoint
from shared_models.continuity import Reason
from shared_models.journal import Entry, first_prev, seal
from shared_models.sync_api import SegmentState


def unsigned(digest: bytes) -> bytes:
    """Stands in for a signature: the push core neither makes nor checks one."""
    return digest + digest


class Strand:
    """One incarnation."""

    def __init__(self, incarnation: bytes, parent: tuple[bytes, int, bytes] | None = None) -> None:
        self.incarnation = incarnation
        self.parent = parent
        self.entries: list[Entry] = []
        self.acked = 0
        self.safe = 0

    def state(self) -> SegmentState:
        parent, seq, digest = self.parent or (None, 0, b"")
        return SegmentState(
            incarnation=self.incarnation,
            head_seq=len(self.entries),
            head_hash=self.entries[-1].hash if self.entries else first_prev(parent, seq, digest),
            acked=self.acked,
            parent=parent,
            parent_seq=seq,
            parent_hash=digest,
        )


class ModelTill:
    """The newest strand is the one that is sold into."""

    def __init__(self, name: str = "till") -> None:
        self.strands = [Strand(sha256(name.encode()).digest()[:16])]
        self.offset_ms: int | None = None
        self.acknowledged: list[tuple[bytes, int]] = []
        self.left: list[tuple[int, Reason]] = []
        self._sold = 0

    def sell(self, sales: int = 1, body: bytes = b"{}", kind: str = "sale.posted") -> None:
        strand = self.strands[-1]
        for _ in range(sales):
            self._sold += 1
            event_id = sha256(strand.incarnation + self._sold.to_bytes(8, "big") + body).digest()[:16]
            self._stamp(event_id, body, kind)

    def _stamp(self, event_id: bytes, body: bytes, kind: str) -> None:
        strand = self.strands[-1]
        state = strand.state()
        seq = state.head_seq + 1
        entry = seal(strand.incarnation, seq, event_id, kind, 1, body, state.head_hash, unsigned)
        strand.entries.append(entry)

    def begin_strand(self, incarnation: bytes) -> None:
        last = self.strands[-1].state()
        self.strands.append(Strand(incarnation, (last.incarnation, last.head_seq, last.head_hash)))

    def all_entries(self) -> list[Entry]:
        return [entry for strand in self.strands for entry in strand.entries]

    def segments(self) -> tuple[SegmentState, ...]:
        return tuple(strand.state() for strand in self.strands if strand.entries)

    def entries(self, incarnation: bytes, after_seq: int, limit: int, max_bytes: int) -> Sequence[Entry]:
        found: list[Entry] = []
        size = 0
        for entry in self._strand(incarnation).entries[after_seq : after_seq + limit]:
            size += len(entry.body)
            if found and size > max_bytes:
                break
            found.append(entry)
        return found

    def entry_hash(self, incarnation: bytes, seq: int) -> bytes | None:
        entries = self._strand(incarnation).entries
        return entries[seq - 1].hash if 1 <= seq <= len(entries) else None

    def acknowledge(
        self, incarnation: bytes, high: int, safe_through: int, checkpoint: Checkpoint | None = None
    ) -> None:
        strand = self._strand(incarnation)
        assert high <= len(strand.entries)
        strand.acked, strand.safe = high, safe_through
        self.acknowledged.append((incarnation, high))

    def reincarnate(self, incarnation: bytes, common: int, reason: Reason) -> None:
        """As the store does it, without the fact that tells of it."""
        strand = self._strand(incarnation)
        tail, strand.entries = strand.entries[common:], strand.entries[:common]
        strand.acked = min(strand.acked, common)
        self.left.append((common, reason))
        if strand is self.strands[-1]:
            digest = strand.entries[-1].hash if strand.entries else strand.state().head_hash
            fresh = sha256(b"again" + incarnation).digest()[:16]
            self.strands.append(Strand(fresh, (incarnation, common, digest)))
        for entry in tail:
            self._stamp(entry.event_id, entry.body, entry.type)

    def note_clock(self, offset_ms: int) -> None:
        self.offset_ms = offset_ms

    def forge(self, seq: int, body: bytes) -> None:
        """The till was restored and went another way from `seq` on."""
        strand = self.strands[-1]
        kept = strand.entries[: seq - 1]
        later = strand.entries[seq - 1 :]
        strand.entries = kept
        for entry in later:
            self.sell(body=body, kind=entry.type)

    def _strand(self, incarnation: bytes) -> Strand:
        return next(strand for strand in self.strands if strand.incarnation == incarnation)
