"""The journal's chain: sealing an entry, and finding what was touched, over the bytes as stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

import msgspec

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""verify(message, signature)"""

ALGORITHM = "ES256"
START = bytes(32)
_CHAIN_TAG = b"pos1"


class Entry(msgspec.Struct, frozen=True):
    """One sealed fact. `body` is never rewritten; `signature` is r‖s over `hash` with the till's P-256 key."""

    incarnation: bytes
    seq: int
    event_id: bytes
    type: str
    schema: int
    body: bytes
    prev: bytes
    hash: bytes
    signature: bytes
    algorithm: str = ALGORITHM


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with an entry: `field` is the part that does not fit."""

    incarnation: bytes
    seq: int
    field: str
    message: str


def body_hash(type_name: str, schema: int, body: bytes) -> bytes:
    """SHA-256 over length-prefixed type, schema and body: an entry's identity besides its event id."""
    name = type_name.encode()
    return sha256(len(name).to_bytes(2, "big") + name + schema.to_bytes(4, "big") + body).digest()


def chain_hash(incarnation: bytes, seq: int, event_id: bytes, body_digest: bytes, prev: bytes) -> bytes:
    return sha256(_CHAIN_TAG + incarnation + seq.to_bytes(8, "big") + event_id + body_digest + prev).digest()


def first_prev(parent: bytes | None, seq: int = 0, parent_hash: bytes = b"") -> bytes:
    """What the first entry of an incarnation chains to: nothing, or the point where its parent was left."""
    if parent is None:
        return START
    return sha256(parent + seq.to_bytes(8, "big") + parent_hash).digest()


def seal(
    incarnation: bytes,
    seq: int,
    event_id: bytes,
    type_name: str,
    schema: int,
    body: bytes,
    prev: bytes,
    sign: Sign,
) -> Entry:
    digest = chain_hash(incarnation, seq, event_id, body_hash(type_name, schema, body), prev)
    return Entry(incarnation, seq, event_id, type_name, schema, body, prev, digest, sign(digest))


def check_entry(entry: Entry, seq: int, prev: bytes, verify: Verify | None) -> Fault | None:
    """What keeps `entry` from standing at `seq` after the entry whose hash is `prev`, or None.

    Without `verify` only the chain is checked, not the signature.
    """

    def fault(field: str, message: str) -> Fault:
        return Fault(entry.incarnation, entry.seq, field, message)

    if entry.seq != seq:
        return fault("seq", f"expected entry {seq}, found {entry.seq}")
    if entry.prev != prev:
        return fault("prev", f"entry {seq} does not follow the one before it")
    digest = chain_hash(
        entry.incarnation,
        entry.seq,
        entry.event_id,
        body_hash(entry.type, entry.schema, entry.body),
        entry.prev,
    )
    if digest != entry.hash:
        return fault("body", f"entry {seq} is not what was sealed")
    if entry.algorithm != ALGORITHM:
        return fault("algorithm", f"entry {seq} names the signature algorithm {entry.algorithm!r}")
    if verify is not None and not verify(entry.hash, entry.signature):
        return fault("signature", f"entry {seq} is not signed by this till")
    return None


def faults(
    entries: Iterable[Entry], verify: Verify | None, prev: bytes = START, first_seq: int = 1
) -> Iterator[Fault]:
    """Every fault in one incarnation's entries, in order. After a fault the chain is taken up again at that entry."""
    seq = first_seq
    for entry in entries:
        fault = check_entry(entry, seq, prev, verify)
        if fault is not None:
            yield fault
        seq, prev = entry.seq + 1, entry.hash
