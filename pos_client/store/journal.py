"""Sealing facts into entries and writing them: the growing end of the till's journal."""

from __future__ import annotations

from typing import Any

import msgspec

from pos_client.store.connection import Driver
from pos_client.store.positions import position
from pos_client.store.segments import Segment
from pos_client.till.ports import Clock, Ids
from shared_models.events import SCHEMA, Fact, Recorded, encode_body, type_name
from shared_models.ids import evidence_code
from shared_models.journal import Entry, Sign, body_hash, chain_hash
from shared_models.moment import Moment

_INSERT = (
    "insert into entry(pos, event_id, type, schema, body, prev, hash, signature, algorithm)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
COLUMNS = "seq, event_id, type, schema, body, prev, hash, signature, algorithm"


class Sealed(msgspec.Struct, frozen=True):
    """An entry that is not written yet, with the fact it holds."""

    pos: int
    at: Moment
    fact: Fact
    entry: Entry
    body_digest: bytes

    def evidence(self) -> str:
        return evidence_code(self.body_digest)


class Journal:
    """The current incarnation's end. `advance` follows a commit; a failed one leaves everything as it was."""

    def __init__(self, segment: Segment, sign: Sign, clock: Clock, ids: Ids, boot_id: str) -> None:
        self.segment = segment
        self.seq = segment.head_seq
        self.hash = segment.head_hash
        self.clock_offset_ms: int | None = None
        self._sign = sign
        self._clock = clock
        self._ids = ids
        self._boot_id = boot_id

    def seal(self, *facts: Fact) -> list[Sealed]:
        """The facts as the next entries, in order, all at one moment."""
        at = self._clock.now()
        mono_ms = self._clock.monotonic_ms()
        sealed: list[Sealed] = []
        seq, prev = self.seq, self.hash
        for fact in facts:
            seq += 1
            recorded = Recorded(at.at_ms, at.tz_min, fact, self._boot_id, mono_ms, self.clock_offset_ms)
            sealed.append(self._sealed(seq, prev, at, fact, encode_body(recorded)))
            prev = sealed[-1].entry.hash
        return sealed

    def _sealed(self, seq: int, prev: bytes, at: Moment, fact: Fact, body: bytes) -> Sealed:
        # As `journal.seal` does it, with the body hashed once for chain and evidence: a sale waits for this.
        incarnation, event_id, name = (
            self.segment.incarnation,
            bytes.fromhex(self._ids.new()),
            type_name(fact),
        )
        body_digest = body_hash(name, SCHEMA, body)
        digest = chain_hash(incarnation, seq, event_id, body_digest, prev)
        entry = Entry(incarnation, seq, event_id, name, SCHEMA, body, prev, digest, self._sign(digest))
        return Sealed(position(self.segment.id, seq), at, fact, entry, body_digest)

    def resume(self, segment: Segment) -> None:
        """Go on from what is stored."""
        self.segment = segment
        self.seq, self.hash = segment.head_seq, segment.head_hash

    def advance(self, last: Sealed) -> None:
        self.seq, self.hash = last.entry.seq, last.entry.hash


def insert_entry(connection: Driver, sealed: Sealed) -> None:
    insert_at(connection, sealed.pos, sealed.entry)


def insert_at(connection: Driver, pos: int, entry: Entry) -> None:
    connection.execute(
        _INSERT,
        (
            pos,
            entry.event_id,
            entry.type,
            entry.schema,
            entry.body,
            entry.prev,
            entry.hash,
            entry.signature,
            entry.algorithm,
        ),
    )


def entry_of(incarnation: bytes, row: tuple[Any, ...]) -> Entry:
    """An entry from a row of COLUMNS."""
    return Entry(incarnation, *row)
