"""What the enrolment of a till's and of a hub's machine have in common: one-time codes, and what a machine must be."""

from __future__ import annotations

import secrets
from hashlib import sha256

from shared_models.protocol import OLDEST_PROTOCOL, PROTOCOL
from shared_models.signing import verifier
from sync_server.errors import Forbidden, Invalid

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 12


class UpdateNeeded(Invalid):
    """The machine speaks a protocol that this server does not."""

    code = "update_needed"
    status = 426


class WrongCode(Forbidden):
    code = "wrong_enrol_code"


def new_code() -> str:
    """Easy to read aloud, such as ABCD-EFGH-JKLM. Only its hash is kept."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, _LENGTH, 4))


def code_hash(code: str) -> bytes:
    """Of the code as somebody typed it: small letters, spaces and missing hyphens do no harm."""
    letters = code.upper().replace("-", "").replace(" ", "")
    return sha256(b"evertill-enrol\0" + letters.encode()).digest()


def check_protocol(protocol: int) -> None:
    """A newer one is welcome: it speaks ours once it has heard which that is."""
    if protocol < OLDEST_PROTOCOL:
        raise UpdateNeeded(
            f"This server speaks protocols {OLDEST_PROTOCOL} to {PROTOCOL}. Update the machine; it keeps what it sold."
        )


def check_machine(id: str, public_key: bytes) -> None:
    """Raises Invalid for a key or an id that no machine of ours has."""
    try:
        verifier(public_key)
    except ValueError as reason:
        raise Invalid("The public key is not a point of P-256, uncompressed.") from reason
    if not 8 <= len(id) <= 64 or not id.isascii():
        raise Invalid("A machine's id has 8 to 64 characters.")
