"""Log-in, log-out and accounts over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.accounts.service import Account, AccountService
from sync_server.auth import COOKIE, TokenMint, permission, public, session_cookie
from sync_server.database import Database
from sync_server.errors import read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.settings import Settings


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`session` asks for the console's cookie besides the token."""

    name: str
    password: str
    session: bool = False


class LoggedIn(msgspec.Struct, frozen=True):
    token: str
    expires_ms: int
    name: str
    role: str


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    password: str
    role: str
    store_id: str | None = None


def routes(
    db: Database, service: AccountService, tokens: TokenMint, settings: Settings
) -> list[ControllerRouterHandler]:
    @post("/api/v1/auth/login", guards=[public], sync_to_thread=True, status_code=200)
    def log_in(body: RawBody) -> Response[LoggedIn]:
        asked = read_json(body, LogIn)
        with db.read() as tx:
            actor = service.log_in(tx, asked.name, asked.password)
        minutes = settings.session_minutes if asked.session else settings.token_minutes
        token, expires_ms = tokens.issue(msgspec.structs.asdict(actor), minutes)
        cookies = [session_cookie(token, minutes, settings.secure_cookies)] if asked.session else []
        return Response(LoggedIn(token, expires_ms, actor.name, actor.role), cookies=cookies)

    @post("/api/v1/auth/logout", guards=[public], sync_to_thread=False, status_code=204)
    def log_out() -> Response[None]:
        answer: Response[None] = Response(None, status_code=204)
        answer.delete_cookie(COOKIE)
        return answer

    @get("/api/v1/accounts", guards=[permission("accounts.read")], sync_to_thread=True)
    def accounts(cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None) -> Page[Account]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        with db.read() as tx:
            rows = service.accounts(tx, after[0] if after else None, size + 1)
        return page_of(rows, size, lambda row: (row.name,))

    @post("/api/v1/accounts", guards=[permission("accounts.write")], sync_to_thread=True)
    def create(body: RawBody) -> Account:
        asked = read_json(body, NewAccount)
        with db.write() as tx:
            return service.create(tx, asked.name, asked.password, asked.role, asked.store_id)

    @post(
        "/api/v1/accounts/{account_id:str}/deactivate",
        guards=[permission("accounts.write")],
        sync_to_thread=True,
    )
    def deactivate(account_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.deactivate(tx, account_id)

    handlers: list[Any] = [log_in, log_out, accounts, create, deactivate]
    return handlers
