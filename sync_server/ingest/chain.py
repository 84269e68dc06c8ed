"""What a pushed batch says of itself: its hashes, recomputed, and what is wrong with them."""

from __future__ import annotations

from typing import NamedTuple

from shared_models import journal, wire
from shared_models.signing import verifier
from shared_models.sync_api import MAX_BATCH_ENTRIES, Push, WireEntry

HASH_BYTES = 32
_MOST_ID_BYTES = 64
_MOST_TYPE_LETTERS = 80
_MOST_SIGNATURE_BYTES = 512


class Stamped(NamedTuple):
    """An entry with its place and its hashes, recomputed from the stored bytes."""

    seq: int
    entry: WireEntry
    body_hash: bytes
    hash: bytes


class StampedPush(NamedTuple):
    """A batch of sound shape. Stamping needs nothing of the database, so nobody need hold it meanwhile."""

    push: Push
    stamped: list[Stamped]


def stamped(push: Push) -> StampedPush:
    """Raises MalformedMessage."""
    check_shape(push)
    return StampedPush(push, stamp(push))


def stamp(push: Push) -> list[Stamped]:
    stamped, prev = [], push.prev
    for seq, entry in enumerate(push.entries, push.first_seq):
        digest = journal.body_hash(entry.type, entry.schema, entry.body)
        prev = journal.chain_hash(push.incarnation, seq, entry.event_id, digest, prev)
        stamped.append(Stamped(seq, entry, digest, prev))
    return stamped


def broken_chain(push: Push, stamped: list[Stamped]) -> str:
    """What does not fit, in words; empty for a sound batch."""
    start = journal.first_prev(push.parent, push.parent_seq, push.parent_hash)
    if push.first_seq == 1 and push.prev != start:
        return "the journal does not start where its parent was left"
    if stamped[-1].hash != push.head_hash:
        return f"entries {push.first_seq} to {stamped[-1].seq} are not what was sealed"
    return ""


def is_sealed(push: Push) -> bool:
    """Whether its entries are those that the claimed head hash was made over."""
    return stamp(push)[-1].hash == push.head_hash


def bad_signature(push: Push, public_key: bytes) -> str:
    """Whether the last entry is signed by the till, over the hash that the till claims for it."""
    last = push.entries[-1]
    seq = push.first_seq + len(push.entries) - 1
    if last.algorithm != journal.ALGORITHM:
        return f"entry {seq} names the signature algorithm '{last.algorithm}'"
    if not verifier(public_key)(push.head_hash, last.signature):
        return f"entry {seq} is not signed by this till"
    return ""


def check_shape(push: Push) -> None:
    """Raises MalformedMessage for what the log has no place for; the till finds it and sends that raw."""
    sound = (
        len(push.incarnation) == 16
        and 1 <= push.first_seq < 1 << 62
        and len(push.prev) == len(push.head_hash) == HASH_BYTES
        and 0 <= push.parent_seq < 1 << 62
        and len(push.parent or b"") <= _MOST_ID_BYTES
        and len(push.parent_hash) <= _MOST_ID_BYTES
        and 1 <= len(push.entries) <= MAX_BATCH_ENTRIES
        and all(_fits(entry) for entry in push.entries)
    )
    if not sound:
        raise wire.MalformedMessage("The batch is not one of a journal. Send its entries one by one.")


def _fits(entry: WireEntry) -> bool:
    return (
        1 <= len(entry.event_id) <= _MOST_ID_BYTES
        and 1 <= len(entry.type) <= _MOST_TYPE_LETTERS
        and entry.type.isprintable()
        and entry.type.isascii()
        and 0 <= entry.schema < 1 << 31
        and len(entry.signature) <= _MOST_SIGNATURE_BYTES
        and len(entry.algorithm) <= 16
        and entry.algorithm.isprintable()
        and entry.algorithm.isascii()
    )
