"""Log-in, log-out and accounts over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.accounts.front_door import FrontDoor
from sync_server.accounts.service import Account, AccountService
from sync_server.accounts.service import LogIn as PastLogIn
from sync_server.attempts import address_of
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
    db: Database, service: AccountService, door: FrontDoor, tokens: TokenMint, settings: Settings
) -> list[ControllerRouterHandler]:
    @post("/api/v1/auth/login", guards=[public], sync_to_thread=True, status_code=200, summary="Log in")
    def log_in(request: Request[Any, Any, Any], body: RawBody) -> Response[LoggedIn]:
        asked = read_json(body, LogIn)
        actor = door.log_in(asked.name, asked.password, address_of(request, settings.behind_proxy))
        minutes = settings.session_minutes if asked.session else settings.token_minutes
        token, expires_ms = tokens.issue(msgspec.structs.asdict(actor), minutes)
        cookies = [session_cookie(token, minutes, settings.secure_cookies)] if asked.session else []
        return Response(LoggedIn(token, expires_ms, actor.name, actor.role), cookies=cookies)

    @post(
        "/api/v1/auth/logout",
        guards=[public],
        sync_to_thread=False,
        status_code=204,
        summary="Drop the cookie",
    )
    def log_out() -> Response[None]:
        answer: Response[None] = Response(None, status_code=204)
        answer.delete_cookie(COOKIE)
        return answer

    @get(
        "/api/v1/accounts",
        guards=[permission("accounts.read")],
        sync_to_thread=True,
        summary="Accounts by name",
    )
    def accounts(cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None) -> Page[Account]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        with db.read() as tx:
            rows = service.accounts(tx, after[0] if after else None, size + 1)
        return page_of(rows, size, lambda row: (row.name,))

    @get(
        "/api/v1/accounts/log-ins",
        guards=[permission("accounts.read")],
        sync_to_thread=True,
        summary="Who logged in or tried to in the last 90 days, the newest first",
    )
    def log_ins(cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None) -> Page[PastLogIn]:
        size, before = checked_limit(limit), read_cursor(cursor, int)
        with db.read() as tx:
            rows = service.log_ins(tx, before[0] if before else None, size + 1)
        return page_of(rows, size, lambda row: (row.log_in_id,))

    @post(
        "/api/v1/accounts",
        guards=[permission("accounts.write")],
        sync_to_thread=True,
        summary="Make an account for somebody of the office",
    )
    def create(body: RawBody) -> Account:
        asked = read_json(body, NewAccount)
        with db.write() as tx:
            return service.create(tx, asked.name, asked.password, asked.role, asked.store_id)

    @post(
        "/api/v1/accounts/{account_id:str}/deactivate",
        guards=[permission("accounts.write")],
        sync_to_thread=True,
        summary="May no longer log in; what is logged in ends",
    )
    def deactivate(account_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.deactivate(tx, account_id)

    handlers: list[Any] = [log_in, log_out, accounts, log_ins, create, deactivate]
    return handlers
