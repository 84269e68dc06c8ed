"""ECDSA over P-256 with SHA-256, as the journal's entries are signed with."""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from shared_models.journal import Sign, Verify

_ALGORITHM = ec.ECDSA(SHA256())
_REPEATABLE = ec.ECDSA(SHA256(), deterministic_signing=True)
_HALF = 32


def new_private_key() -> bytes:
    """A fresh key as PKCS #8 DER; where it is kept is the caller's business."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_key_of(private_key: bytes) -> bytes:
    """The public key as an uncompressed point (SEC 1, 2.3.3), 65 bytes."""
    public = _private(private_key).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_id_of(public_key: bytes) -> str:
    """What a key is called where several may have signed: the first 16 hex digits of its SHA-256."""
    return sha256(public_key).hexdigest()[:16]


def signer(private_key: bytes, *, repeatable: bool = False) -> Sign:
    """sign(message) -> r‖s, 64 bytes (the form of RFC 7518, 3.4).

    `repeatable`: the same message gets the same signature (RFC 6979), which takes a tenth longer.
    """
    key, algorithm = _private(private_key), _REPEATABLE if repeatable else _ALGORITHM

    def sign(message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(key.sign(message, algorithm))
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")

    return sign


def verifier(public_key: bytes) -> Verify:
    """verify(message, signature) for an uncompressed point; raises ValueError when the point is not on the curve."""
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)

    def verify(message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * _HALF:
            return False
        r, s = (int.from_bytes(signature[i : i + _HALF], "big") for i in (0, _HALF))
        try:
            key.verify(utils.encode_dss_signature(r, s), message, _ALGORITHM)
        except InvalidSignature:
            return False
        return True

    return verify


def _private(private_key: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(private_key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
