"""The server's own signing key: made at its first start, in a file that only its user can read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from shared_models.errors import ShopError
from shared_models.journal import Sign
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from sync_server.whole_files import make_once

FILE = "server.key"


class ServerKeyUnreadable(ShopError):
    """Without its key the server could sign nothing that tills would believe."""

    code = "server_key_unreadable"


class ServerKey(msgspec.Struct, frozen=True):
    """`public_key` is an uncompressed P-256 point, which the tills learn at enrolment; `key_id` names it.

    `sign` is repeatable: the same request at the same moment gets the same answer.
    """

    public_key: bytes
    key_id: str
    sign: Sign


def kept_server_key(data_dir: Path) -> ServerKey:
    """The key in `data_dir`, made there if there is none. It belongs into the backup: tills trust no other."""
    path = data_dir / FILE
    if not path.exists():
        make_once(path, new_private_key())
    try:
        private_key = path.read_bytes()
        public_key = public_key_of(private_key)
        return ServerKey(public_key, key_id_of(public_key), signer(private_key, repeatable=True))
    except (OSError, ValueError, TypeError, AssertionError) as reason:
        raise ServerKeyUnreadable(
            f"The server's signing key {path} can't be read. Restore it from the backup. If it is lost, move it "
            "away: the server makes a new one, which every till learns when it is enrolled again."
        ) from reason
