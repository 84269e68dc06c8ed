"""The keys that a server signed with, each for its time: what tills and auditors need to check its word."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared_models.checkpoint import Checkpoint, is_genuine
from shared_models.signing import key_id_of, verifier

_TAG = b"evertill-server-key-1\0"


class KeyTerm(msgspec.Struct, frozen=True, omit_defaults=True):
    """`public_key`, an uncompressed P-256 point, signs from `from_ms` on, and until `until_ms` where that is not 0.

    `replaces` is the id of the key before. `handover` is that key's signature over `handover_statement`; it is empty
    where the old key was lost, and then nothing proves that the new one is the same server's.
    """

    key_id: str
    public_key: bytes
    from_ms: int
    until_ms: int = 0
    replaces: str = ""
    handover: bytes = b""


def handover_statement(old_id: str, public_key: bytes, from_ms: int) -> bytes:
    """The bytes that an old key signs: tag, its own id (16 ASCII), the new point (65), time (8)."""
    return _TAG + old_id.encode() + public_key + from_ms.to_bytes(8, "big")


def only_term(public_key: bytes) -> tuple[KeyTerm, ...]:
    """Of a server that never changed its key, none where there is no key."""
    return (KeyTerm(key_id_of(public_key), public_key, 0),) if public_key else ()


def is_vouched(checkpoint: Checkpoint, terms: Sequence[KeyTerm]) -> bool:
    """Whether one of these keys signed it, and in its time."""
    return any(_signed_in_time(checkpoint, term) for term in terms)


def followed(known: Sequence[KeyTerm], told: Sequence[KeyTerm]) -> tuple[KeyTerm, ...]:
    """The known terms and those that follow on the last of them; raises ValueError where `told` is of another server.

    Of what is known only the end of its time may be told anew.
    """
    by_id = {term.key_id: term for term in told}
    kept = []
    for term in known:
        now = by_id.get(term.key_id)
        if now is None or now.public_key != term.public_key:
            raise ValueError(f"the server does not name the key {term.key_id}, which is trusted here")
        kept.append(msgspec.structs.replace(term, until_ms=term.until_ms or now.until_ms))
    while (following := next((one for one in told if one.replaces == kept[-1].key_id), None)) is not None:
        _check(following, kept)
        kept.append(following)
    return tuple(kept)


def is_proven(term: KeyTerm, before: KeyTerm) -> bool:
    said = handover_statement(before.key_id, term.public_key, term.from_ms)
    return verifier(before.public_key)(said, term.handover)


def _check(term: KeyTerm, before: Sequence[KeyTerm]) -> None:
    if term.key_id != key_id_of(term.public_key) or term.key_id in {one.key_id for one in before}:
        raise ValueError(f"the key {term.key_id} is not what its name says")
    if not 0 <= term.from_ms < 1 << 62:
        raise ValueError(f"the key {term.key_id} has no time that can be")
    if term.handover and not is_proven(term, before[-1]):
        raise ValueError(f"the key {term.key_id} was not handed over by {before[-1].key_id}")
    verifier(term.public_key)


def _signed_in_time(checkpoint: Checkpoint, term: KeyTerm) -> bool:
    in_time = term.from_ms <= checkpoint.at_ms and (not term.until_ms or checkpoint.at_ms <= term.until_ms)
    return in_time and is_genuine(checkpoint, verifier(term.public_key))
