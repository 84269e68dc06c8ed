"""Sync messages over HTTP: packed bodies in and out, and the guard that asks for a till's token."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from shared_models import wire
from shared_models.sync_api import MAX_SEGMENTS, MEDIA_TYPE, SegmentState
from sync_server.errors import Forbidden, NotLoggedIn


class TillIdentity(msgspec.Struct, frozen=True):
    """Who a sync request is from, as its token says."""

    device_id: str
    till_id: str
    store_id: str


def till(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of sync routes: a token of a till. Whether its device is still welcome, the route asks."""
    till_of(connection)


till.asks_for = "till"  # type: ignore[attr-defined]


def till_of(connection: ASGIConnection[Any, Any, Any, Any]) -> TillIdentity:
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotLoggedIn("A till logs in with its key first.")
    claims = connection.app.state.till_tokens.read(token)
    who = msgspec.convert({name: claims.get(name) for name in TillIdentity.__struct_fields__}, TillIdentity)
    connection.scope["state"]["till_id"] = who.till_id  # for the log
    return who


class HubIdentity(msgspec.Struct, frozen=True):
    """A store's hub. To routes that serve tills and hubs alike it is a machine of the store that is no till."""

    hub_id: str
    store_id: str


def hub_claims(who: HubIdentity) -> dict[str, str]:
    return {"device_id": who.hub_id, "till_id": "", "store_id": who.store_id}


def as_hub(who: TillIdentity) -> HubIdentity | None:
    """None for a till."""
    return None if who.till_id else HubIdentity(who.device_id, who.store_id)


def hub(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of what only hubs ask for. Whether the hub is still welcome, the route asks."""
    hub_of(connection)


hub.asks_for = "hub"  # type: ignore[attr-defined]


def hub_of(connection: ASGIConnection[Any, Any, Any, Any]) -> HubIdentity:
    who = as_hub(till_of(connection))
    if who is None:
        raise Forbidden("This is for a store's hub.")
    return who


def check_segments(segments: tuple[SegmentState, ...]) -> None:
    """Raises MalformedMessage for journals that no till has: a hub would ask the central server about each for ever."""
    sound = len(segments) <= MAX_SEGMENTS and all(
        len(one.incarnation) == 16 and 0 <= one.head_seq < 1 << 62 and 0 <= one.acked < 1 << 62
        for one in segments
    )
    if not sound:
        raise wire.MalformedMessage("These are no journals of a till. Look at the program that sent them.")


def packed(message: Any, status: int = 200) -> Response[bytes]:
    return Response(wire.pack(message), status_code=status, media_type=MEDIA_TYPE)
