"""A line in the log for every request: what was asked, by which till, what came of it and why, how long it took."""

from __future__ import annotations

import re
from time import perf_counter_ns

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sync_server.ports import NewId, random_id

REQUEST_ID = "X-Request-Id"
_GOOD_ID = re.compile(rb"[\w.-]{1,64}")
_QUIET = ("/health", "/ready")
_SAID_ON_THE_WAY = {"till_id": "till", "refused": "refused"}
_log = structlog.stdlib.get_logger(__name__)


class RequestLog:
    """Around the whole application, so that refusals are logged too. Never bodies, headers or query strings.

    The answer carries the request's id (the asker's own, if it sent a sane one); every line logged on the way
    carries it as well.
    """

    def __init__(self, app: ASGIApp, new_id: NewId = random_id) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = self._id_of(scope)
        known = scope["state"] = {**scope.get("state", {})}
        began_ns, status = perf_counter_ns(), 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (REQUEST_ID.lower().encode(), request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_noting_status)
            finally:
                more = {name: known[key] for key, name in _SAID_ON_THE_WAY.items() if key in known}
                say = _log.debug if scope["path"] in _QUIET else _log.info
                took_ms = (perf_counter_ns() - began_ns) // 1_000_000
                say(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    duration_ms=took_ms,
                    **more,
                )

    def _id_of(self, scope: Scope) -> str:
        given = dict(scope["headers"]).get(REQUEST_ID.lower().encode(), b"")
        return given.decode() if _GOOD_ID.fullmatch(given) else self._new_id()
