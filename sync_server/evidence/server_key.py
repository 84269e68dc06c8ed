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
    return _read(path)


def new_server_key(data_dir: Path, old_id: str) -> tuple[ServerKey, ServerKey | None]:
    """(the key to introduce, the old one if it is still there). The file of the key `old_id` is kept beside it.

    Called again after a crash it gives the same key.
    """
    path, kept = data_dir / FILE, data_dir / f"{FILE}.{old_id}"
    if old_id and path.exists() and _read(path).key_id == old_id:
        path.replace(kept)
    return kept_server_key(data_dir), _read(kept) if old_id and kept.exists() else None


def _read(path: Path) -> ServerKey:
    try:
        private_key = path.read_bytes()
        public_key = public_key_of(private_key)
        return ServerKey(public_key, key_id_of(public_key), signer(private_key, repeatable=True))
    except (OSError, ValueError, TypeError, AssertionError) as reason:
        raise ServerKeyUnreadable(
            f"The server's signing key {path} can't be read. Restore it from the backup. If it is lost, move it "
            "away and run evertill-server new-key: it makes a new one and tells the tills."
        ) from reason
