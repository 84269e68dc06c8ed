"""What a person sees when a page can't be shown: in words, with a way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.response import Redirect

from shared_models.errors import ShopError
from sync_server.console.view import AnyRequest, ConsoleView, address
from sync_server.errors import NotLoggedIn


def problem_page(view: ConsoleView) -> Callable[[AnyRequest, ShopError], Response[Any]]:
    def answer(request: AnyRequest, reason: ShopError) -> Response[Any]:
        if isinstance(reason, NotLoggedIn):
            # A form that was sent after the log-in ran out can't be repeated by an address.
            back = str(request.url.path) if request.method == "GET" else "/takings"
            query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
            return Redirect(address("/login", {"next": back + query}), status_code=303)
        return view.html("problem.html", int(getattr(reason, "status", 400)), message=reason.message)

    return answer
