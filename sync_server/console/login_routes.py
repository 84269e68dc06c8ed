"""Logging in and out of the console."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery, RawBody

from sync_server.attempts import TooManyTries, address_of
from sync_server.auth import COOKIE, permission, public, refuse_other_sites, session_cookie
from sync_server.console.view import AnyRequest, ConsoleView, plain_form, read_form, see
from sync_server.errors import NotLoggedIn
from sync_server.settings import Settings

_HOME = "/takings"


def routes(view: ConsoleView, settings: Settings) -> list[Any]:
    services = view.services

    @get("/", guards=[permission("console.view")], sync_to_thread=False)
    def home() -> Response[Any]:
        return see(_HOME)

    @get("/login", guards=[public], sync_to_thread=False)
    def form(next: FromQuery[str] = _HOME) -> Response[str]:
        return view.html("login.html", next=_own_page(next), name="", message="")

    @post("/login", guards=[public], sync_to_thread=True)
    def log_in(request: AnyRequest, body: RawBody) -> Response[Any]:
        refuse_other_sites(request)
        fields = plain_form(body)
        name, to = fields.get("name", ""), _own_page(fields.get("next", _HOME))
        try:
            address = address_of(request, settings.behind_proxy)
            actor = services.front_door.log_in(name, fields.get("password", ""), address)
        except NotLoggedIn as reason:
            return view.html("login.html", 401, next=to, name=name, message=reason.message)
        except TooManyTries as reason:
            page = view.html("login.html", reason.status, next=to, name=name, message=reason.message)
            page.headers |= reason.headers
            return page
        token, _ = services.tokens.issue(msgspec.structs.asdict(actor), settings.session_minutes)
        answer = see(to)
        answer.set_cookie(session_cookie(token, settings.session_minutes, settings.secure_cookies))
        return answer

    @post("/logout", guards=[permission("console.view")], sync_to_thread=False)
    def log_out(request: AnyRequest, body: RawBody) -> Response[Any]:
        read_form(request, body)
        answer = see("/login")
        answer.delete_cookie(COOKIE)
        return answer

    return [home, form, log_in, log_out]


def _own_page(path: str) -> str:
    """Never anywhere else: an address that leaves this server is not followed."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else _HOME
