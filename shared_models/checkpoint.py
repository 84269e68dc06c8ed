"""Checkpoints: the server's signed word for what it holds of an incarnation.

Every acknowledgement carries one. Whoever keeps it can later tell a journal whose end is missing from a whole one.
"""

from __future__ import annotations

import msgspec

from shared_models.journal import Sign, Verify

_TAG = b"evertill-checkpoint-1\0"


class Checkpoint(msgspec.Struct, frozen=True):
    """At `at_ms`, by the server's clock, every entry of `incarnation` up to `high`, whose hash is `hash`, was stored.

    `signature` is r‖s over `statement` with the server's P-256 key `key_id`.
    """

    incarnation: bytes
    high: int
    hash: bytes
    at_ms: int
    key_id: str
    signature: bytes


def statement(incarnation: bytes, high: int, hash: bytes, at_ms: int) -> bytes:
    """The bytes that are signed: tag, length of the incarnation's id (2 bytes), id, high (8), hash (32), time (8)."""
    name = len(incarnation).to_bytes(2, "big") + incarnation
    return _TAG + name + high.to_bytes(8, "big") + hash + at_ms.to_bytes(8, "big")


def vouched(incarnation: bytes, high: int, hash: bytes, at_ms: int, key_id: str, sign: Sign) -> Checkpoint:
    return Checkpoint(incarnation, high, hash, at_ms, key_id, sign(statement(incarnation, high, hash, at_ms)))


def is_genuine(checkpoint: Checkpoint, verify: Verify) -> bool:
    """Whether the server whose key `verify` checks with said exactly this."""
    if checkpoint.high < 0 or checkpoint.at_ms < 0:
        return False
    said = statement(checkpoint.incarnation, checkpoint.high, checkpoint.hash, checkpoint.at_ms)
    return verify(said, checkpoint.signature)
