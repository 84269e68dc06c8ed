"""The server's word: checkpoints, and the keys that it gave them with."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.checkpoint import Checkpoint, vouched
from shared_models.errors import ShopError
from shared_models.server_keys import KeyTerm, handover_statement
from sync_server.evidence.server_key import ServerKey
from sync_server.evidence.tables import server_key
from sync_server.findings import Finding, Inbox
from sync_server.ports import NowMs

_LOST = "signing_key_lost"
_log = logging.getLogger(__name__)


class SigningKeyLost(ShopError):
    """The key that is there is not the one that this server signs with."""

    code = _LOST
    status = 503


class SigningKey(msgspec.Struct, frozen=True):
    """`public_key` is an uncompressed P-256 point in hex. `replaced_ms` is 0 for the last key."""

    key_id: str
    public_key: str
    first_used_ms: int
    replaced_ms: int = 0
    replaces: str = ""
    is_handed_over: bool = False


class EvidenceService:
    """Signs with the key that the database knows as this server's, and with no other.

    The first key is noted by itself; every later one is introduced by a person (`introduce`). Until then, as where
    the key's file was lost and a new one made, nothing is signed, and head office hears why.
    """

    def __init__(self, key: ServerKey, now_ms: NowMs, inbox: Inbox) -> None:
        self._key = key
        self._now_ms = now_ms
        self._inbox = inbox
        self._may_sign = False
        self._warned_of = ""

    @property
    def key(self) -> SigningKey:
        """The one whose file is there now."""
        return SigningKey(self._key.key_id, self._key.public_key.hex(), self._now_ms())

    def checkpoint(self, incarnation: bytes, high: int, hash: bytes) -> Checkpoint | None:
        """None where nothing is held, or nothing may be signed. Only what is durable may be vouched for.

        Touches no database: `may_sign` was asked before.
        """
        if high == 0 or not self._may_sign:
            return None
        return vouched(incarnation, high, hash, self._now_ms(), self._key.key_id, self._key.sign)

    def is_sure(self) -> bool:
        """Whether the last look found that it may sign."""
        return self._may_sign

    def may_sign(self, tx: Connection) -> bool:
        """Notes the first key of all; raises a case where the key is another than the database knows."""
        last = _last(tx)
        if last is None:
            row = {"key_id": self._key.key_id, "public_key": self._key.public_key}
            dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
            made = dialect.insert(server_key).values(row | {"first_used_ms": self._now_ms()})
            tx.execute(made.on_conflict_do_nothing())
            last = _last(tx)
        self._may_sign = last is not None and last.key_id == self._key.key_id
        if last is not None and not self._may_sign:
            self._say_lost(tx, last)
        return self._may_sign

    def notice(self, tx: Connection) -> None:
        """At the start: a server that never signed need not begin with it."""
        if _last(tx) is not None:
            self.may_sign(tx)

    def remember_key(self, tx: Connection) -> None:
        """So that what is signed can be checked when the key is another one day; raises SigningKeyLost."""
        if not self.may_sign(tx):
            raise SigningKeyLost(_advice(_last(tx), self._key))

    def introduce(self, tx: Connection, key: ServerKey, before: ServerKey | None) -> SigningKey:
        """From now on `key` signs. `before` hands over to it, where the old key is still there."""
        last, now_ms = _last(tx), self._now_ms()
        row: dict[str, Any] = {"key_id": key.key_id, "public_key": key.public_key, "first_used_ms": now_ms}
        if last is not None:
            now_ms = max(now_ms, last.first_used_ms + 1)
            row |= {"first_used_ms": now_ms, "replaces": last.key_id}
            if before is not None and before.key_id == last.key_id:
                row["handover"] = before.sign(handover_statement(last.key_id, key.public_key, now_ms))
            by_id = server_key.c.key_id == last.key_id
            tx.execute(update(server_key).where(by_id).values(replaced_ms=now_ms))
            self._inbox.settle(tx, _case(last.key_id, key.key_id), "The new key was introduced.")
        tx.execute(insert(server_key).values(row))
        return self.keys(tx)[-1]

    def public_key(self, tx: Connection) -> bytes:
        """What tills are told to trust: the last key that was introduced, also while its file is lost."""
        last = _last(tx)
        return bytes(last.public_key) if last is not None else self._key.public_key

    def terms(self, tx: Connection) -> tuple[KeyTerm, ...]:
        """Every key and its time, the oldest first; none while there was never a second one."""
        return key_terms(tx)

    def keys(self, tx: Connection) -> list[SigningKey]:
        """Every key that was ever used, the oldest first."""
        return [
            SigningKey(
                row.key_id,
                row.public_key.hex(),
                row.first_used_ms,
                row.replaced_ms,
                row.replaces,
                bool(row.handover),
            )
            for row in _all(tx)
        ]

    def _say_lost(self, tx: Connection, last: Row[Any]) -> None:
        sentence = _advice(last, self._key)
        if self._warned_of != last.key_id:
            _log.warning("%s", sentence)
            self._warned_of = last.key_id
        finding = Finding(key=_case(last.key_id, self._key.key_id), kind=_LOST, sentence=sentence)
        self._inbox.raise_many(tx, [finding])


def key_terms(tx: Connection) -> tuple[KeyTerm, ...]:
    """Every key and its time, the oldest first; none while there was never a second one."""
    rows = _all(tx)
    return tuple(_term(row) for row in rows) if len(rows) > 1 else ()


def _all(tx: Connection) -> list[Row[Any]]:
    return list(tx.execute(select(server_key).order_by(server_key.c.first_used_ms, server_key.c.key_id)))


def _last(tx: Connection) -> Row[Any] | None:
    return next(iter(reversed(_all(tx))), None)


def _term(row: Row[Any]) -> KeyTerm:
    return KeyTerm(
        row.key_id,
        bytes(row.public_key),
        row.first_used_ms,
        row.replaced_ms,
        row.replaces,
        bytes(row.handover or b""),
    )


def _case(old_id: str, new_id: str) -> str:
    return f"{_LOST}:{old_id}:{new_id}"


def _advice(last: Row[Any] | None, key: ServerKey) -> str:
    old, since = (last.key_id, last.first_used_ms) if last is not None else ("", 0)
    day = datetime.fromtimestamp(since / 1000, UTC).date().isoformat()
    return (
        f"This server signs nothing: it signed with the key {old} since {day}, and the file server.key in its data "
        f"folder holds another, {key.key_id}. Put the old file back from a backup and start the server again. If it "
        "is lost for good, introduce the new key: evertill-server new-key"
    )
