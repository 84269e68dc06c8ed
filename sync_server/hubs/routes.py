"""Hubs over HTTP: enrolment, hello, the tills' entries that they pass on, and the office's view of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.hub_api import HubEnrolRequest, HubHello
from shared_models.sync_api import HashesReply, HashesRequest, Push, PushReply, Token, TokenRequest
from shared_models.wire import unpack
from sync_server.attempts import Attempts, address_of, of_address
from sync_server.auth import actor_of, permission, public
from sync_server.database import Database
from sync_server.enrolment import WrongCode
from sync_server.errors import read_json
from sync_server.hubs.service import Hub, HubCode, HubService
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.settings import Settings
from sync_server.store_scope import store_in_scope
from sync_server.sync_messages import TillIdentity, hub, hub_of, packed

AnyRequest = Request[Any, Any, Any]
Admit = Callable[[TillIdentity, Push], PushReply]
KeepRaw = Callable[[TillIdentity, bytes, str], PushReply | None]
Hashes = Callable[[TillIdentity, HashesRequest], HashesReply]


class HubCodeFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    store_id: str


def routes(
    db: Database,
    service: HubService,
    attempts: Attempts,
    settings: Settings,
    admit: Admit,
    keep_raw: KeepRaw,
    hashes: Hashes,
) -> list[ControllerRouterHandler]:
    """`admit`, `keep_raw` and `hashes` do what they do for a till, but `admit` takes only what the till sealed."""
    return [
        *_coming_in(db, service, attempts, settings),
        *_for_hubs(db, service, admit, keep_raw, hashes),
        *_for_the_office(db, service),
    ]


def _coming_in(
    db: Database, service: HubService, attempts: Attempts, settings: Settings
) -> list[ControllerRouterHandler]:
    @post(
        "/sync/hub/enrol",
        guards=[public],
        sync_to_thread=True,
        status_code=200,
        summary="Become a store's hub, with a one-time code",
    )
    def enrol(request: AnyRequest, body: RawBody) -> Response[bytes]:
        asked = unpack(body, HubEnrolRequest)
        address = of_address("enrolment", address_of(request, settings.behind_proxy))
        with attempts.guarding([address], WrongCode), db.write() as tx:
            return packed(service.enrol(tx, asked))

    @post(
        "/sync/hub/token",
        guards=[public],
        sync_to_thread=True,
        status_code=200,
        summary="A hub's token for a signed challenge",
    )
    def token(body: RawBody) -> Response[bytes]:
        asked = unpack(body, TokenRequest)
        with db.write() as tx:
            issued, expires_ms = service.token(tx, asked)
        return packed(Token(token=issued, expires_ms=expires_ms))

    return [enrol, token]


def _for_hubs(
    db: Database, service: HubService, admit: Admit, keep_raw: KeepRaw, hashes: Hashes
) -> list[ControllerRouterHandler]:
    @post(
        "/sync/hub/hello",
        guards=[hub],
        sync_to_thread=True,
        status_code=200,
        summary="How the hub is, and what it must know of its store",
    )
    def hello(request: AnyRequest, body: RawBody) -> Response[bytes]:
        said = unpack(body, HubHello)
        with db.write() as tx:
            return packed(service.hello(tx, hub_of(request), said))

    @post(
        "/sync/hub/push",
        guards=[hub],
        sync_to_thread=True,
        status_code=200,
        summary="Store entries of a till's journal that came by its hub",
    )
    def push(request: AnyRequest, body: RawBody, device_id: FromQuery[str]) -> Response[bytes]:
        """The hub only names the till: chain and signature are checked with the till's own key."""
        with db.read() as tx:
            till = service.till_behind(tx, hub_of(request), device_id)
        return packed(admit(till, unpack(body, Push)))

    @post(
        "/sync/hub/push_raw",
        guards=[hub],
        sync_to_thread=True,
        status_code=200,
        summary="Keep what a hub could not push, and go on behind it",
    )
    def push_raw(
        request: AnyRequest, body: RawBody, device_id: FromQuery[str], reason: FromQuery[str] = ""
    ) -> Response[bytes]:
        """200 with a PushReply when the hub may go on behind it; 202 without a body when it is only kept."""
        with db.read() as tx:
            till = service.raw_sender(tx, hub_of(request), device_id)
        reply = keep_raw(till, body, reason)
        return packed(reply) if reply is not None else Response(b"", status_code=202)

    @post(
        "/sync/hub/hashes",
        guards=[hub],
        sync_to_thread=True,
        status_code=200,
        summary="What is held at some places of a till's journal, for its hub to say",
    )
    def held_hashes(request: AnyRequest, body: RawBody, device_id: FromQuery[str]) -> Response[bytes]:
        with db.read() as tx:
            till = service.till_behind(tx, hub_of(request), device_id)
        return packed(hashes(till, unpack(body, HashesRequest)))

    return [hello, push, push_raw, held_hashes]


def _for_the_office(db: Database, service: HubService) -> list[ControllerRouterHandler]:
    @post(
        "/api/v1/hubs/enrol-codes",
        guards=[permission("tills.write")],
        sync_to_thread=True,
        summary="A one-time code that makes a machine a store's hub",
    )
    def make_code(request: AnyRequest, body: RawBody) -> HubCode:
        asked, actor = read_json(body, HubCodeFor), actor_of(request)
        store_in_scope(actor, asked.store_id)
        with db.write() as tx:
            return service.make_code(tx, asked.store_id, actor.name)

    @get(
        "/api/v1/hubs",
        guards=[permission("tills.read")],
        sync_to_thread=True,
        summary="The machines that are or were hubs, and how each is",
    )
    def hubs(
        request: AnyRequest, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
    ) -> Page[Hub]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        own = store_in_scope(actor_of(request), None)
        with db.read() as tx:
            rows = service.hubs(tx, after[0] if after else None, size + 1, own)
        return page_of(rows, size, lambda row: (row.hub_id,))

    @post(
        "/api/v1/hubs/{hub_id:str}/revoke",
        guards=[permission("tills.write")],
        sync_to_thread=True,
        status_code=204,
        summary="Shut a hub out",
    )
    def revoke(hub_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.revoke(tx, hub_id)

    handlers: list[Any] = [make_code, hubs, revoke]
    return handlers
