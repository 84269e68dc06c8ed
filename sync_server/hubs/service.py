"""Hubs: enrolment by one-time code, tokens, and what a hub hears of its store when it says hello."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from shared_models.hub_api import (
    HubEnrolled,
    HubEnrolRequest,
    HubHello,
    HubHelloReply,
    StoreDevice,
    StoreJournal,
    StoreTill,
)
from shared_models.protocol import PROTOCOL
from shared_models.store_config import StoreConfig
from shared_models.sync_api import TokenRequest
from sync_server.auth import TokenMint
from sync_server.enrolment import WrongCode, check_machine, check_protocol, code_hash, new_code
from sync_server.errors import Forbidden, NotFound, NotLoggedIn
from sync_server.hubs.tables import ACTIVE, REVOKED, hub, hub_code
from sync_server.ports import NowMs
from sync_server.sync_messages import HubIdentity, TillIdentity, hub_claims

TOKEN_MINUTES = 60
_MOST_TILLS = 1000


class HubRevoked(Forbidden):
    code = "hub_revoked"


class UnknownTill(NotFound):
    """The till is none of the hub's store, or this server was put back to before it was enrolled."""

    code = "unknown_till"


class Hub(msgspec.Struct, frozen=True):
    """A machine that is, or was, a store's hub."""

    hub_id: str
    store_id: str
    state: str
    enrolled_at_ms: int
    last_seen_ms: int
    app: str
    waiting: int
    oldest_waiting_ms: int | None


class HubCode(msgspec.Struct, frozen=True):
    """Shown once; the server keeps only its hash."""

    code: str
    store_id: str
    expires_ms: int


class _Place(Protocol):
    @property
    def till_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Records(msgspec.Struct, frozen=True):
    """What other areas know of a store, each read in the caller's transaction."""

    store: Callable[[Connection, str], StoreConfig]
    tills: Callable[[Connection, str | None, str | None, int], Sequence[_Place]]
    """tills(tx, store_id, after, limit)"""
    devices: Callable[[Connection, str], Sequence[StoreDevice]]
    identity: Callable[[Connection, str], TillIdentity | None]
    """Of a till's machine, by its device id."""
    journal: Callable[[Connection, str, bytes], StoreJournal | None]
    """journal(tx, store_id, incarnation): what is held of a journal, None where it was never heard of."""


class HubService:
    def __init__(
        self,
        records: Records,
        check_answer: Callable[[Connection, TokenRequest, bytes | None], None],
        tokens: TokenMint,
        now_ms: NowMs,
        code_minutes: int,
    ) -> None:
        self._records = records
        self._check_answer = check_answer
        self._tokens = tokens
        self._now_ms = now_ms
        self._code_minutes = code_minutes

    def make_code(self, tx: Connection, store_id: str, made_by: str) -> HubCode:
        store = self._records.store(tx, store_id)
        code, expires_ms = new_code(), self._now_ms() + self._code_minutes * 60_000
        row = {"code_hash": code_hash(code), "store_id": store.store_id, "expires_ms": expires_ms}
        tx.execute(insert(hub_code).values(row | {"made_by": made_by}))
        return HubCode(code, store.store_id, expires_ms)

    def enrol(self, tx: Connection, asked: HubEnrolRequest) -> HubEnrolled:
        """The same hub with the same code and key gets the same answer again: the first may be lost."""
        check_protocol(asked.protocol)
        check_machine(asked.hub_id, asked.public_key)
        by_code = hub_code.c.code_hash == code_hash(asked.code)
        code = tx.execute(select(hub_code).where(by_code).with_for_update()).one_or_none()
        if code is None or code.expires_ms <= self._now_ms():
            raise WrongCode("This is no code for a hub, or it is too old. Ask head office for a new one.")
        if code.used_by is None:
            self._admit(tx, code.store_id, asked)
            tx.execute(update(hub_code).where(by_code).values(used_by=asked.hub_id))
        elif not self._is_same(tx, code.used_by, asked):
            raise WrongCode("This code has been used. Ask head office for a new one.")
        store = self._records.store(tx, code.store_id)
        return HubEnrolled(
            hub_id=asked.hub_id,
            store_id=store.store_id,
            store_name=store.name,
            server_time_ms=self._now_ms(),
        )

    def serves(self, tx: Connection, store_id: str) -> bool:
        """Whether the store has, or had, a hub."""
        return tx.scalar(select(hub.c.hub_id).where(hub.c.store_id == store_id).limit(1)) is not None

    def forget_codes(self, tx: Connection) -> None:
        tx.execute(delete(hub_code).where(hub_code.c.expires_ms <= self._now_ms()))

    def token(self, tx: Connection, asked: TokenRequest) -> tuple[str, int]:
        row = _hub(tx, asked.device_id)
        self._check_answer(tx, asked, row.public_key if row else None)
        assert row is not None
        return self._tokens.issue(hub_claims(HubIdentity(row.hub_id, row.store_id)), TOKEN_MINUTES)

    def check(self, tx: Connection, who: HubIdentity) -> None:
        """Raises HubRevoked for a machine that has been shut out."""
        row = _hub(tx, who.hub_id)
        if row is None or row.store_id != who.store_id:
            raise NotLoggedIn("This machine is no hub here. Enrol it with a code from head office.")
        if row.state != ACTIVE:
            raise HubRevoked("This hub has been shut out. What waits in it is kept; ask head office.")

    def hello(self, tx: Connection, who: HubIdentity, said: HubHello) -> HubHelloReply:
        check_protocol(said.protocol)
        self.check(tx, who)
        seen = {
            "last_seen_ms": self._now_ms(),
            "app": said.app[:80],
            "waiting": max(0, min(said.waiting, 2**31 - 1)),
            "oldest_waiting_ms": _a_time(said.oldest_waiting_ms),
        }
        tx.execute(update(hub).where(hub.c.hub_id == who.hub_id).values(seen))
        tills = self._records.tills(tx, who.store_id, None, _MOST_TILLS)
        held = (self._records.journal(tx, who.store_id, incarnation) for incarnation in said.journals)
        return HubHelloReply(
            server_time_ms=self._now_ms(),
            protocol=PROTOCOL,
            store=msgspec.json.encode(self._records.store(tx, who.store_id)),
            tills=tuple(StoreTill(till_id=till.till_id, name=till.name) for till in tills),
            devices=tuple(self._records.devices(tx, who.store_id)),
            journals=tuple(one for one in held if one is not None),
        )

    def till_behind(self, tx: Connection, who: HubIdentity, device_id: str) -> TillIdentity:
        """The till whose entries the hub passes on; raises UnknownTill for another store's."""
        self.check(tx, who)
        till = self._records.identity(tx, device_id)
        if till is None or till.store_id != who.store_id:
            raise UnknownTill("There is no such till in the hub's store. Its entries can be sent raw.")
        return till

    def raw_sender(self, tx: Connection, who: HubIdentity, device_id: str) -> TillIdentity:
        """The same, but an unknown till's frames are kept too: for a person to look at."""
        self.check(tx, who)
        till = self._records.identity(tx, device_id)
        if till is None or till.store_id != who.store_id:
            return TillIdentity(device_id[:64], "", who.store_id)
        return till

    def revoke(self, tx: Connection, hub_id: str) -> None:
        changed = tx.execute(update(hub).where(hub.c.hub_id == hub_id).values(state=REVOKED))
        if changed.rowcount == 0:
            raise NotFound("There is no such hub.")

    def hubs(self, tx: Connection, after: str | None, limit: int, store_id: str | None = None) -> list[Hub]:
        columns = [hub.c[name] for name in Hub.__struct_fields__]
        query = select(*columns).where(hub.c.hub_id > (after or "")).order_by(hub.c.hub_id)
        if store_id is not None:
            query = query.where(hub.c.store_id == store_id)
        return [Hub(*row) for row in tx.execute(query.limit(limit))]

    def _admit(self, tx: Connection, store_id: str, asked: HubEnrolRequest) -> None:
        """A store has one hub: whichever was it before is shut out."""
        if _hub(tx, asked.hub_id) is not None:
            raise WrongCode("This machine is a hub already, or was. Enrol it as a new one.")
        tx.execute(update(hub).where(hub.c.store_id == store_id).values(state=REVOKED))
        now_ms = self._now_ms()
        row = {
            "hub_id": asked.hub_id,
            "store_id": store_id,
            "public_key": asked.public_key,
            "state": ACTIVE,
            "enrolled_at_ms": now_ms,
            "last_seen_ms": now_ms,
            "app": asked.app[:80],
            "waiting": 0,
        }
        tx.execute(insert(hub).values(row))

    def _is_same(self, tx: Connection, used_by: str, asked: HubEnrolRequest) -> bool:
        row = _hub(tx, used_by)
        return row is not None and used_by == asked.hub_id and row.public_key == asked.public_key


def _hub(tx: Connection, hub_id: str) -> Row[Any] | None:
    return tx.execute(select(hub).where(hub.c.hub_id == hub_id)).one_or_none()


def _a_time(at_ms: int | None) -> int | None:
    """A hub may state any number at all; the database takes those of a time."""
    return None if at_ms is None else max(0, min(at_ms, 2**62))
