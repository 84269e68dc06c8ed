"""What was wrong with an entry already when it came, and was said then, is no alteration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from shared_models.sync_api import MAX_BATCH_ENTRIES, Push
from sync_server.findings import Inbox
from sync_server.ingest.altered import Stored
from sync_server.ingest.frame_contents import NO_LIMIT, frames
from sync_server.ingest.tables import quarantine

_KINDS = ("broken_chain", "bad_signature")


class AsItCame:
    """Of one incarnation; asks the inbox and the frames kept raw, and only where an entry was not sound."""

    def __init__(self, tx: Connection, inbox: Inbox, incarnation: bytes, till_id: str) -> None:
        self._tx = tx
        self._inbox = inbox
        self._incarnation = incarnation
        self._till_id = till_id

    def was_noticed(self, row: Stored) -> bool:
        """A case was raised for the batch that ended here or behind it, or the entry came raw."""
        ends = range(row.seq, row.seq + MAX_BATCH_ENTRIES)
        keys = [f"{kind}:{self._incarnation.hex()}:{end}" for kind in _KINDS for end in ends]
        return bool(self._inbox.known(self._tx, keys)) or row.seq in self._frames

    def altered_apart(self, row: Stored) -> list[str]:
        """Of an entry that is only kept raw: the columns that differ from its frame."""
        frames = self._frames.get(row.seq, [])
        found = [list(_differences(frame, row)) for frame in frames]
        return min(found, key=len, default=["ingest_pos.ingest_id"])

    @cached_property
    def _frames(self) -> dict[int, list[Push]]:
        found: dict[int, list[Push]] = defaultdict(list)
        came_raw = (quarantine.c.till_id == self._till_id, quarantine.c.raw.is_not(None))
        for frame in frames(self._tx, *came_raw, largest=NO_LIMIT):
            push = frame.push  # None where nobody could read it, so it became no entry
            if push is not None and push.incarnation == self._incarnation and len(push.entries) == 1:
                found[push.first_seq].append(push)
        return found


def _differences(frame: Push, row: Stored) -> Iterator[str]:
    entry = frame.entries[0]
    came: dict[str, Any] = {
        "event_id": entry.event_id,
        "hash": frame.head_hash,
        "signature": entry.signature,
        "algorithm": entry.algorithm,
        "chain_ok": False,
    }
    yield from (f"ingest_pos.{name}" for name, value in came.items() if getattr(row, name) != value)
