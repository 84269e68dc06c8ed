"""The server's word: checkpoints, and the keys that it gave them with."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.checkpoint import Checkpoint, vouched
from sync_server.evidence.server_key import ServerKey
from sync_server.evidence.tables import server_key
from sync_server.ports import NowMs


class SigningKey(msgspec.Struct, frozen=True):
    """`public_key` is an uncompressed P-256 point in hex."""

    key_id: str
    public_key: str
    first_used_ms: int


class EvidenceService:
    def __init__(self, key: ServerKey, now_ms: NowMs) -> None:
        self._key = key
        self._now_ms = now_ms

    @property
    def key(self) -> SigningKey:
        """The one that signs now."""
        return SigningKey(self._key.key_id, self._key.public_key.hex(), self._now_ms())

    def checkpoint(self, incarnation: bytes, high: int, hash: bytes) -> Checkpoint | None:
        """None where nothing is held. Only what is durable may be vouched for; touches no database."""
        if high == 0:
            return None
        return vouched(incarnation, high, hash, self._now_ms(), self._key.key_id, self._key.sign)

    def remember_key(self, tx: Connection) -> None:
        """So that what was signed can be checked when the key is another one day."""
        known = select(server_key.c.key_id).where(server_key.c.key_id == self._key.key_id)
        if tx.scalar(known) is None:
            row = msgspec.structs.asdict(self.key) | {"public_key": self._key.public_key}
            dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
            tx.execute(dialect.insert(server_key).values(row).on_conflict_do_nothing())

    def keys(self, tx: Connection) -> list[SigningKey]:
        """Every key that was ever used, the oldest first."""
        rows = tx.execute(select(server_key).order_by(server_key.c.first_used_ms, server_key.c.key_id))
        return [SigningKey(row.key_id, row.public_key.hex(), row.first_used_ms) for row in rows]
