"""Which column of a stored entry is not what it was, by the entry's own seal: the till's hash and signature."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from shared_models import journal
from shared_models.events import TYPES
from shared_models.journal import Verify
from sync_server.findings import Finding
from sync_server.ingest.chain import Stamped
from sync_server.sync_messages import TillIdentity

_SCHEMAS = range(100)


class Stored(NamedTuple):
    """A position and the fact that it names, as the tables hold them; the fact's columns are None without one."""

    seq: int
    event_id: bytes
    ingest_id: int | None
    hash: bytes
    signature: bytes
    algorithm: str
    chain_ok: bool
    log_event_id: bytes | None
    body_hash: bytes
    type: str
    schema: int
    body: bytes
    log_till_id: str
    log_store_id: str
    log_incarnation: bytes
    log_seq: int


def stored(row: Any) -> Stored:
    """PostgreSQL and SQLite give bytes of other types."""
    return Stored._make(bytes(one) if isinstance(one, memoryview) else one for one in row)


def collision_id(event_id: bytes, body_hash: bytes) -> bytes:
    """What a fact is filed under whose id stands for another fact already."""
    return sha256(b"id_collision" + event_id + body_hash).digest()


def collision(who: TillIdentity, incarnation: bytes, at: Stamped) -> Finding:
    """That two facts of a till bear one id."""
    event = at.entry.event_id.hex()
    return Finding(
        key=f"id_collision:{incarnation.hex()}:{at.seq}",
        kind="id_collision",
        sentence=f"Till {who.till_id} gave entry {at.seq} the id of another entry. Both are kept.",
        store_id=who.store_id,
        till_id=who.till_id,
        refs={"event": event, "incarnation": incarnation.hex(), "seq": str(at.seq)},
    )


def sealed_hash(incarnation: bytes, row: Stored, prev: bytes) -> bytes:
    """What the next entry chains to; empty where only the entry's raw frame would know."""
    if row.log_event_id is None:
        return b""
    digest = journal.body_hash(row.type, row.schema, row.body)
    return journal.chain_hash(incarnation, row.seq, row.event_id, digest, prev)


def altered(incarnation: bytes, row: Stored, prev: bytes, verify: Verify) -> list[str]:
    """Columns, as `table.column`; empty for an entry that is as it was sealed.

    `prev` is empty where the entry before is gone: then the chain can't be checked here, and all else is.
    """

    def chained(digest: bytes, event_id: bytes = row.event_id) -> bytes:
        return journal.chain_hash(incarnation, row.seq, event_id, digest, prev) if prev else row.hash

    digest = journal.body_hash(row.type, row.schema, row.body)
    if digest != row.body_hash:
        is_digest = bool(prev) and chained(digest) == row.hash
        return ["ingest_log.body_hash" if is_digest else f"ingest_log.{_of_content(row)}"]
    found = list(_of_seal(row, chained(digest), verify))
    other_id = row.log_event_id or b""
    if found and other_id != row.event_id and chained(digest, other_id) == row.hash:
        return ["ingest_pos.event_id"]
    if not found and row.log_event_id not in (row.event_id, collision_id(row.event_id, digest)):
        found.append("ingest_log.event_id")
    return found


def _of_content(row: Stored) -> str:
    """Of type, schema and body the one without which the rest fits to the digest beside them."""
    if any(journal.body_hash(row.type, schema, row.body) == row.body_hash for schema in _SCHEMAS):
        return "schema"
    if any(journal.body_hash(name, row.schema, row.body) == row.body_hash for name in TYPES):
        return "type"
    return "body"


def _of_seal(row: Stored, sealed: bytes, verify: Verify) -> Iterator[str]:
    if row.algorithm != journal.ALGORITHM:
        yield "ingest_pos.algorithm"
    if sealed == row.hash:
        if not verify(row.hash, row.signature):
            yield "ingest_pos.signature"
    elif verify(sealed, row.signature):
        yield "ingest_pos.hash"
    elif verify(row.hash, row.signature):
        is_its_fact = row.event_id == row.log_event_id
        before = "ingest_pos.hash of the entry before" if row.seq > 1 else "incarnation.parent and its place"
        yield before if is_its_fact else "ingest_pos.ingest_id"
    else:
        yield "ingest_pos.hash and ingest_pos.signature"
