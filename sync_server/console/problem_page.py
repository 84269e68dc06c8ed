"""What a person sees when a page can't be shown: in words, with a way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from shared_models.errors import ShopError
from sync_server.console.view import AnyRequest, ConsoleView, address
from sync_server.errors import NotLoggedIn, on_http_exception

_FOR_PROGRAMS = ("/api/", "/sync/", "/schema")


def problem_page(view: ConsoleView) -> Callable[[AnyRequest, ShopError], Response[Any]]:
    def answer(request: AnyRequest, reason: ShopError) -> Response[Any]:
        if isinstance(reason, NotLoggedIn):
            # A form that was sent after the log-in ran out can't be repeated by an address.
            back = str(request.url.path) if request.method == "GET" else "/takings"
            query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
            return Redirect(address("/login", {"next": back + query}), status_code=303)
        return view.html("problem.html", int(getattr(reason, "status", 400)), message=reason.message)

    return answer


def missing_page(view: ConsoleView) -> Callable[[AnyRequest, HTTPException], Response[Any]]:
    """For what the framework refuses, such as an address that is no page: words for a browser, else a problem."""

    def answer(request: AnyRequest, reason: HTTPException) -> Response[Any]:
        path = request.url.path
        if path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
            return on_http_exception(request, reason)
        message = "There is no such page." if reason.status_code == 404 else str(reason.detail)
        return view.html("problem.html", reason.status_code, message=message)

    return answer
