"""The tills: when each was last heard of, and what it has not sent yet."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView

_MAX = 500
_QUIET_MS = 15 * 60_000
_DRIFT_MS = 2 * 60_000


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/tills", guards=[permission("tills.read")], sync_to_thread=True)
    def tills(request: AnyRequest) -> Response[str]:
        actor = actor_of(request)
        with services.db.read() as tx:
            places = services.stores.tills(tx, actor.store_id, None, _MAX)
            devices = services.tills.devices(tx, None, _MAX, actor.store_id)
        active = {device.till_id: device for device in devices if device.state == "active"}
        now_ms = view.now_ms()
        return view.page(
            request,
            "tills.html",
            tills=places,
            devices=active,
            now_ms=now_ms,
            quiet_ms=_QUIET_MS,
            drift_ms=_DRIFT_MS,
        )

    return [tills]
