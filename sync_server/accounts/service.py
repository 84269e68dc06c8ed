"""Office accounts: made by an administrator, checked by argon2id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, delete, func, insert, select, update

from sync_server.accounts.tables import account, log_in
from sync_server.auth import ROLES, Actor
from sync_server.errors import Conflict, Invalid, NotFound, NotLoggedIn
from sync_server.ports import NewId, NowMs

MIN_PASSWORD = 10
_HISTORY_MS = 90 * 86_400_000


class Account(msgspec.Struct, frozen=True):
    account_id: str
    name: str
    role: str
    store_id: str | None
    active: bool


class LogIn(msgspec.Struct, frozen=True):
    """Somebody logged in, or tried to. `account_id` is None for a name that nobody has."""

    log_in_id: int
    at_ms: int
    account_id: str | None
    address: str
    succeeded: bool


class AccountService:
    """`hasher` is argon2id with the library's parameters; tests give a cheaper one."""

    def __init__(
        self,
        store_ids: Callable[[Connection], Sequence[str]],
        now_ms: NowMs,
        new_id: NewId,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store_ids = store_ids
        self._now_ms = now_ms
        self._new_id = new_id
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """What the password of a name that nobody has is compared with. A hub, where nobody logs in, makes none."""
        return self._hasher.hash("no such account")

    def create(
        self, tx: Connection, name: str, password: str, role: str, store_id: str | None = None
    ) -> Account:
        if role not in ROLES:
            raise Invalid(f"There is no role '{role}'. Roles are {', '.join(ROLES)}.", role=role)
        if len(password) < MIN_PASSWORD:
            raise Invalid(f"A password has at least {MIN_PASSWORD} characters.")
        name = name.strip()
        if not name or len(name) > 80:
            raise Invalid("A name has 1 to 80 characters.")
        if store_id is not None and store_id not in self._store_ids(tx):
            raise Invalid("There is no such store. Open it first, or choose another.")
        if tx.scalar(select(account.c.account_id).where(account.c.name == name)) is not None:
            raise Conflict(f"There is an account '{name}' already.", name=name)
        made = Account(self._new_id(), name, role, store_id, True)
        row = msgspec.structs.asdict(made) | {
            "password_hash": self._hasher.hash(password),
            "created_at_ms": self._now_ms(),
        }
        tx.execute(insert(account).values(row))
        return made

    def log_in(self, tx: Connection, name: str, password: str) -> Actor:
        """The same answer, after the same work, for a wrong name and a wrong password."""
        nobody = self._nobody  # made at the first log-in, whoever it is
        row = tx.execute(select(account).where(account.c.name == name.strip())).one_or_none()
        stored = row.password_hash if row is not None and row.active else nobody
        try:
            self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            row = None
        if row is None or not row.active:
            raise NotLoggedIn("The name or the password is wrong.")
        return Actor(row.account_id, row.name, row.role, row.store_id)

    def remember(self, tx: Connection, name: str, address: str, succeeded: bool) -> None:
        """Adds to the history, which goes back 90 days."""
        now_ms = self._now_ms()
        whose = select(account.c.account_id).where(account.c.name == name.strip())
        tx.execute(delete(log_in).where(log_in.c.at_ms < now_ms - _HISTORY_MS))
        row = {"at_ms": now_ms, "account_id": tx.scalar(whose), "address": address, "succeeded": succeeded}
        tx.execute(insert(log_in).values(row))

    def log_ins(self, tx: Connection, before: int | None, limit: int) -> list[LogIn]:
        """The newest first."""
        query = select(*(log_in.c[name] for name in LogIn.__struct_fields__)).limit(limit)
        if before is not None:
            query = query.where(log_in.c.log_in_id < before)
        return [LogIn(*row) for row in tx.execute(query.order_by(log_in.c.log_in_id.desc()))]

    def is_active(self, tx: Connection, account_id: str) -> bool:
        return bool(tx.scalar(select(account.c.active).where(account.c.account_id == account_id)))

    def deactivate(self, tx: Connection, account_id: str) -> None:
        changed = tx.execute(update(account).where(account.c.account_id == account_id).values(active=False))
        if changed.rowcount == 0:
            raise NotFound("There is no such account.")

    def accounts(self, tx: Connection, after: str | None, limit: int) -> list[Account]:
        query = select(account).order_by(account.c.name).limit(limit)
        if after is not None:
            query = query.where(account.c.name > after)
        return [Account(r.account_id, r.name, r.role, r.store_id, r.active) for r in tx.execute(query)]

    def any_exists(self, tx: Connection) -> bool:
        return bool(tx.scalar(select(func.count()).select_from(account)))
