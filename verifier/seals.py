"""The arithmetic of the journal: hashes, the chain, and ECDSA over P-256."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

START = bytes(32)
_HALF = 32
_ALGORITHM = ec.ECDSA(SHA256())
_MOST_KEYS = 64


def body_hash(kind: str, schema: int, body: bytes) -> bytes:
    name = kind.encode()
    return sha256(len(name).to_bytes(2, "big") + name + schema.to_bytes(4, "big") + body).digest()


def chain_hash(incarnation: bytes, seq: int, event_id: bytes, digest: bytes, prev: bytes) -> bytes:
    return sha256(b"pos1" + incarnation + seq.to_bytes(8, "big") + event_id + digest + prev).digest()


def first_prev(parent: bytes, seq: int, parent_hash: bytes) -> bytes:
    """What the first entry chains to; `parent` is empty where nothing came before."""
    return sha256(parent + seq.to_bytes(8, "big") + parent_hash).digest() if parent else START


def checkpoint_statement(incarnation: bytes, high: int, digest: bytes, at_ms: int) -> bytes:
    name = len(incarnation).to_bytes(2, "big") + incarnation
    return b"evertill-checkpoint-1\0" + name + high.to_bytes(8, "big") + digest + at_ms.to_bytes(8, "big")


def handover_statement(old_id: str, public_key: bytes, from_ms: int) -> bytes:
    return b"evertill-server-key-1\0" + old_id.encode() + public_key + from_ms.to_bytes(8, "big")


def key_id(public_key: bytes) -> str:
    return sha256(public_key).hexdigest()[:16]


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """False too where the key is none; `signature` is r‖s."""
    try:
        r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
        _loaded(public_key).verify(utils.encode_dss_signature(r, s), message, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return len(signature) == 2 * _HALF


@lru_cache(_MOST_KEYS)
def _loaded(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """One key signs thousands of entries, and to put it on its curve takes a fifth of a check."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
