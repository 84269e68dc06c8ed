"""A stored journal entry as it is given to the business areas, and what they offer in return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from shared_models.events import Recorded


class RecordedEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One fact, decoded, and where it stands. `ingest_id` is dense in no sense but only grows.

    The stored bytes are in the ingest log under `event_id`; `recorded.fact` is one of `events.TYPES`.
    `is_new`: nobody has recorded it as far as the queue knows, so nobody need look whether somebody did; where
    somebody did after all, the unique (event, line) refuses the rows, and the entry comes again with False.
    """

    event_id: bytes
    ingest_id: int
    till_id: str
    store_id: str
    incarnation: bytes
    seq: int
    type: str
    recorded: Recorded
    received_at_ms: int = 0
    is_new: bool = False


class Recorder(Protocol):
    """An area that makes rows of facts. Called inside the transaction that marks the entries applied.

    `record_many` gets any entries of a batch, takes those it knows, and writes one statement per table.
    It raises for what it can't take; the caller rolls back to a savepoint and goes on with `record`, one at a
    time. Recording an entry twice is the same as once.
    """

    def record(self, tx: Connection, entry: RecordedEntry) -> None: ...

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None: ...
