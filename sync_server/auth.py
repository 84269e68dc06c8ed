"""Who may do what: roles, tokens, and the guard that every route carries."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Protocol

import jwt
import msgspec
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers.base import BaseRouteHandler

from sync_server.errors import Forbidden, NotLoggedIn
from sync_server.ports import NowMs
from sync_server.whole_files import make_once

COOKIE = "evertill_session"
AUDIENCE = "evertill-office"
_ALGORITHM = "HS256"

_MANAGER = {
    "catalogue.read", "prices.read", "staff.read", "staff.write", "stock.read", "stock.write", "sales.read",
    "cash.read", "exceptions.read", "exceptions.write", "reports.read", "stores.read", "tills.read",
    "console.view", "leases.read", "closings.read",
}  # fmt: skip
_HEAD_OFFICE = _MANAGER | {
    "catalogue.write", "prices.write", "stores.write", "tills.write", "leases.write", "evidence.read",
    "closings.write", "quarantine.write",
}  # fmt: skip
_ADMIN = _HEAD_OFFICE | {"accounts.read", "accounts.write"}
ROLES: dict[str, frozenset[str]] = {
    "cashier": frozenset(),
    "manager": frozenset(_MANAGER),
    "head_office": frozenset(_HEAD_OFFICE),
    "admin": frozenset(_ADMIN),
}


class Actor(msgspec.Struct, frozen=True):
    """Who asks. `store_id` limits a manager to one store; None means all."""

    account_id: str
    name: str
    role: str
    store_id: str | None = None

    def may(self, name: str) -> bool:
        return name in ROLES.get(self.role, frozenset())


class Guard(Protocol):
    """A guard that says what it asks for, so that a test can find routes without one."""

    asks_for: str

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None: ...


class TokenMint:
    """Signs who somebody is, for a while."""

    def __init__(self, secret: str, now_ms: NowMs, audience: str = AUDIENCE) -> None:
        self._secret = secret
        self._now_ms = now_ms
        self._audience = audience

    def issue(self, subject: dict[str, Any], minutes: int) -> tuple[str, int]:
        """(token, when it ends in ms)"""
        ends_s = self._now_ms() // 1000 + minutes * 60
        token = jwt.encode(subject | {"exp": ends_s, "aud": self._audience}, self._secret, _ALGORITHM)
        return token, ends_s * 1000

    def read(self, token: str) -> dict[str, Any]:
        """Raises NotLoggedIn for anything that is not one of ours and still good."""
        try:
            claims = jwt.decode(
                token, self._secret, [_ALGORITHM], audience=self._audience, options={"verify_exp": False}
            )
        except jwt.InvalidTokenError as reason:
            raise NotLoggedIn("Log in again.") from reason
        if int(claims.get("exp", 0)) * 1000 <= self._now_ms():
            raise NotLoggedIn("The log-in has run out. Log in again.")
        return claims


def permission(name: str) -> Any:
    """A guard for people of the office: `guards=[permission("stock.read")]`. A token ends with its account."""
    assert name in ROLES["admin"], f"no role has the permission {name}"

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        actor = actor_of(connection)
        if not await sync_to_thread(connection.app.state.is_active, actor.account_id):
            raise NotLoggedIn("This account is closed. Log in with another.")
        if not actor.may(name):
            raise Forbidden("Your account may not do this. Ask an administrator.", permission=name)

    guard.asks_for = name  # type: ignore[attr-defined]
    return guard


async def public(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Marks a route that anyone may call."""


public.asks_for = "nothing"  # type: ignore[attr-defined]


def actor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """Who asks, by bearer token or by the console's cookie; raises NotLoggedIn."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        token = connection.cookies.get(COOKIE, "")
        refuse_other_sites(connection)
    if not token:
        raise NotLoggedIn("Log in first.")
    claims = connection.app.state.tokens.read(token)
    return msgspec.convert({name: claims.get(name) for name in Actor.__struct_fields__}, Actor)


def session_cookie(token: str, minutes: int, secure: bool) -> Cookie:
    """For the console only: not readable by scripts, not sent from other sites."""
    return Cookie(COOKIE, value=token, max_age=minutes * 60, httponly=True, samesite="strict", secure=secure)


def kept_secret(data_dir: Path, given: str) -> str:
    """The secret that signs tokens: the one that was set, else the one in the data folder, else a new one."""
    if given:
        return given
    path = data_dir / "token.secret"
    if path.exists() and not path.stat().st_size:
        path.unlink()  # an older version was killed as it made it, and nothing was signed with it
    if not path.exists():
        make_once(path, secrets.token_hex(32).encode())
    return path.read_text()


def refuse_other_sites(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """A second lock besides SameSite: a browser says where a request comes from.

    Plain text is what a page elsewhere may send without asking first; no page of ours sends it.
    """
    if connection.scope.get("method", "GET") in ("GET", "HEAD"):
        return
    plain = connection.headers.get("content-type", "").strip().lower().startswith("text/plain")
    if plain or not _is_own_site(connection):
        raise Forbidden("This request came from another site. Open this server's own page and repeat.")


def _is_own_site(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Older browsers send no Sec-Fetch-Site, but all say the origin of a post; programs say neither."""
    headers = connection.headers
    if (said := headers.get("sec-fetch-site")) is not None:
        return said in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()
