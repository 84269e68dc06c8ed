"""Enrolment by one-time code, tokens by signed challenge, and what each till last said of itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared_models.hub_api import StoreDevice
from shared_models.signing import verifier
from shared_models.sync_api import Challenge, Enrolled, EnrolRequest, Hello, TokenRequest
from sync_server.auth import TokenMint
from sync_server.enrolment import WrongCode, check_machine, check_protocol, code_hash, new_code
from sync_server.errors import Forbidden, NotFound, NotLoggedIn
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity
from sync_server.tills.tables import ACTIVE, REVOKED, device, enrol_code, used_nonce

TILL_AUDIENCE = "evertill-till"
CHALLENGE_AUDIENCE = "evertill-challenge"
TOKEN_TAG = b"evertill-token\0"
TOKEN_MINUTES = 60
_CHALLENGE_MINUTES = 2


class TillRevoked(Forbidden):
    code = "till_revoked"


class TillPlace(Protocol):
    """Where a till stands; `StoreService.till` knows."""

    @property
    def till_id(self) -> str: ...
    @property
    def store_id(self) -> str: ...
    @property
    def store_name(self) -> str: ...


class Device(msgspec.Struct, frozen=True):
    """A machine that is, or was, a till."""

    device_id: str
    till_id: str
    state: str
    enrolled_at_ms: int
    last_seen_ms: int
    app: str
    unsent: int
    free_mb: int
    clock_offset_ms: int


class EnrolCode(msgspec.Struct, frozen=True):
    """Shown once; the server keeps only its hash."""

    code: str
    till_id: str
    expires_ms: int


class TillService:
    def __init__(
        self,
        find_till: Callable[[Connection, str], TillPlace],
        tokens: TokenMint,
        challenges: TokenMint,
        now_ms: NowMs,
        code_minutes: int,
        server_key: Callable[[Connection], bytes] = lambda tx: b"",
    ) -> None:
        """`server_key` is the point that the server signs with; tills learn it here."""
        self._find_till = find_till
        self._tokens = tokens
        self._challenges = challenges
        self._now_ms = now_ms
        self._code_minutes = code_minutes
        self.server_key = server_key

    def make_code(self, tx: Connection, till_id: str, made_by: str) -> EnrolCode:
        place = self._find_till(tx, till_id)
        code, expires_ms = new_code(), self._now_ms() + self._code_minutes * 60_000
        row = {"code_hash": code_hash(code), "till_id": place.till_id, "expires_ms": expires_ms}
        tx.execute(insert(enrol_code).values(row | {"made_by": made_by}))
        return EnrolCode(code, place.till_id, expires_ms)

    def enrol(self, tx: Connection, asked: EnrolRequest) -> Enrolled:
        """The same device with the same code and key gets the same answer again: the first may be lost."""
        check_protocol(asked.protocol)
        check_machine(asked.device_id, asked.public_key)
        by_code = enrol_code.c.code_hash == code_hash(asked.code)
        code = tx.execute(select(enrol_code).where(by_code).with_for_update()).one_or_none()
        if code is None or code.expires_ms <= self._now_ms():
            raise WrongCode("This code is wrong or too old. Ask head office for a new one.")
        if code.used_by is None:
            self._admit(tx, code.till_id, asked)
            tx.execute(update(enrol_code).where(by_code).values(used_by=asked.device_id))
        elif not self._is_same(tx, code.used_by, asked):
            raise WrongCode("This code has been used. Ask head office for a new one.")
        place = self._find_till(tx, code.till_id)
        return Enrolled(
            device_id=asked.device_id,
            store_id=place.store_id,
            till_id=place.till_id,
            store_name=place.store_name,
            server_time_ms=self._now_ms(),
            server_key=self.server_key(tx),
        )

    def forget_codes(self, tx: Connection) -> None:
        """Those that have run out. A used one is kept until then: the same machine may have to ask again."""
        tx.execute(delete(enrol_code).where(enrol_code.c.expires_ms <= self._now_ms()))

    def challenge(self) -> Challenge:
        """Signed and not stored, so that asking for many costs the database nothing."""
        nonce, expires_ms = self._challenges.issue({"nonce": secrets.token_hex(16)}, _CHALLENGE_MINUTES)
        return Challenge(nonce=nonce, expires_ms=expires_ms)

    def token(self, tx: Connection, asked: TokenRequest) -> tuple[str, int]:
        """A revoked device gets one too: it proves who sends, and opens nothing but the raw path."""
        row = self._device(tx, asked.device_id)
        self.check_answer(tx, asked, row.public_key if row else None)
        assert row is not None
        place = self._find_till(tx, row.till_id)
        who = TillIdentity(asked.device_id, place.till_id, place.store_id)
        return self._tokens.issue(msgspec.structs.asdict(who), TOKEN_MINUTES)

    def check_answer(self, tx: Connection, asked: TokenRequest, public_key: bytes | None) -> None:
        """Raises NotLoggedIn unless a fresh challenge of ours is signed with the key of a machine that we know."""
        claims = self._challenges.read(asked.nonce)
        message = TOKEN_TAG + asked.nonce.encode()
        if public_key is None or not verifier(public_key)(message, asked.signature):
            raise NotLoggedIn("This machine is not enrolled here. Enrol it with a code from head office.")
        self._use_up(tx, asked.nonce, int(claims["exp"]) * 1000)

    def public_key(self, tx: Connection, who: TillIdentity) -> bytes:
        """The key that the till signs with; raises TillRevoked for a machine that has been shut out."""
        row = self._device(tx, who.device_id)
        if row is None or row.till_id != who.till_id:
            raise NotLoggedIn("This machine is not enrolled here. Enrol it with a code from head office.")
        if row.state != ACTIVE:
            raise TillRevoked("This till has been shut out. Its sales are kept; ask head office.")
        key: bytes = row.public_key
        return key

    def key_of(self, tx: Connection, device_id: str) -> bytes:
        """The key of a machine that is, or was, a till: what it sealed stays its own."""
        row = self._device(tx, device_id)
        if row is None:
            raise NotFound("There is no such device.")
        key: bytes = row.public_key
        return key

    def keys_of_till(self, tx: Connection, till_id: str) -> dict[str, bytes]:
        """The keys of all machines that are, or were, that till, by device id."""
        mine = select(device.c.device_id, device.c.public_key).where(device.c.till_id == till_id)
        return {row.device_id: bytes(row.public_key) for row in tx.execute(mine)}

    def seen(self, tx: Connection, who: TillIdentity, hello: Hello) -> None:
        now_ms = self._now_ms()
        said = {
            "last_seen_ms": now_ms,
            "app": hello.app[:80],
            "protocol": hello.protocol,
            "unsent": min(hello.unsent, 2**31 - 1),
            "free_mb": min(hello.free_mb, 2**31 - 1),
            "clock_offset_ms": max(-(2**62), min(2**62, now_ms - hello.till_time_ms)),
        }
        tx.execute(update(device).where(device.c.device_id == who.device_id).values(said))

    def revoke(self, tx: Connection, device_id: str) -> None:
        changed = tx.execute(update(device).where(device.c.device_id == device_id).values(state=REVOKED))
        if changed.rowcount == 0:
            raise NotFound("There is no such device.")

    def devices(
        self, tx: Connection, after: str | None, limit: int, store_id: str | None = None
    ) -> list[Device]:
        columns = [device.c[name] for name in Device.__struct_fields__]
        query = select(*columns).where(device.c.device_id > (after or "")).order_by(device.c.device_id)
        if store_id is not None:
            query = query.where(_of_store(store_id))
        return [Device(*row) for row in tx.execute(query.limit(limit))]

    def device_of(self, tx: Connection, till_id: str) -> Device | None:
        """The machine that is the till now."""
        columns = [device.c[name] for name in Device.__struct_fields__]
        mine = (device.c.till_id == till_id) & (device.c.state == ACTIVE)
        row = tx.execute(
            select(*columns).where(mine).order_by(device.c.last_seen_ms.desc()).limit(1)
        ).one_or_none()
        return Device(*row) if row is not None else None

    def identity(self, tx: Connection, device_id: str) -> TillIdentity | None:
        """Of a machine that is, or was, a till."""
        row = self._device(tx, device_id)
        if row is None:
            return None
        return TillIdentity(device_id, row.till_id, self._find_till(tx, row.till_id).store_id)

    def owner(self, tx: Connection, device_id: str, public_key: bytes) -> TillIdentity | None:
        """Whose key that is; of an older till, which does not say it, by its id."""
        if not public_key:
            return self.identity(tx, device_id)
        found = tx.scalar(select(device.c.device_id).where(device.c.public_key == public_key).limit(1))
        return self.identity(tx, found) if found is not None else None

    def keys(self, tx: Connection, store_id: str) -> list[StoreDevice]:
        """Of all the store's machines: what its hub needs to let them in."""
        columns = [device.c[name] for name in StoreDevice.__struct_fields__]
        rows = tx.execute(select(*columns).where(_of_store(store_id)).order_by(device.c.device_id))
        return [StoreDevice(**row._mapping) for row in rows]

    def _use_up(self, tx: Connection, nonce: str, expires_ms: int) -> None:
        tx.execute(delete(used_nonce).where(used_nonce.c.expires_ms <= self._now_ms()))
        row = insert(used_nonce).values(nonce_hash=sha256(nonce.encode()).digest(), expires_ms=expires_ms)
        try:
            with tx.begin_nested():
                tx.execute(row)
        except IntegrityError as reason:
            raise NotLoggedIn("This challenge has been used. Ask for another.") from reason

    def _admit(self, tx: Connection, till_id: str, asked: EnrolRequest) -> None:
        """A till is one machine: whoever was it before is revoked."""
        if self._device(tx, asked.device_id) is not None:
            raise WrongCode("This machine is enrolled already, or was. Enrol it as a new one.")
        tx.execute(update(device).where(device.c.till_id == till_id).values(state=REVOKED))
        now_ms = self._now_ms()
        row = {
            "device_id": asked.device_id,
            "till_id": till_id,
            "public_key": asked.public_key,
            "state": ACTIVE,
            "enrolled_at_ms": now_ms,
            "last_seen_ms": now_ms,
            "app": asked.app[:80],
            "protocol": asked.protocol,
            "unsent": 0,
            "free_mb": 0,
            "clock_offset_ms": 0,
        }
        tx.execute(insert(device).values(row))

    def _is_same(self, tx: Connection, used_by: str, asked: EnrolRequest) -> bool:
        row = self._device(tx, used_by)
        return row is not None and used_by == asked.device_id and row.public_key == asked.public_key

    def _device(self, tx: Connection, device_id: str) -> Row[Any] | None:
        return tx.execute(select(device).where(device.c.device_id == device_id)).one_or_none()


def _of_store(store_id: str) -> ColumnElement[bool]:
    """A till's id begins with its store's."""
    prefix = f"{store_id}-"
    return func.substr(device.c.till_id, 1, len(prefix)) == prefix
