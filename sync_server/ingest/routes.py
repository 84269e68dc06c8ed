"""Push over HTTP, and the office's view of what is in quarantine."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.sync_api import HashesReply, HashesRequest, Push, PushReply
from shared_models.wire import unpack
from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import read_json
from sync_server.ingest.background_check import BackgroundCheck
from sync_server.ingest.check_place import CheckState
from sync_server.ingest.service import IngestService, Quarantined
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope
from sync_server.sync_messages import TillIdentity, packed, till, till_of

AnyRequest = Request[Any, Any, Any]


class SetAside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str


class TakesIn(Protocol):
    """An IngestService, or a hub's."""

    def push(self, who: TillIdentity, push: Push) -> PushReply: ...

    def push_raw(self, who: TillIdentity, frame: bytes, reason: str) -> PushReply | None: ...

    def hashes(self, who: TillIdentity, asked: HashesRequest) -> HashesReply: ...


def routes(
    db: Database, service: IngestService, background_check: BackgroundCheck
) -> list[ControllerRouterHandler]:
    return [*for_tills(service), *_for_the_office(db, service, background_check)]


def for_tills(service: TakesIn) -> list[ControllerRouterHandler]:
    @post(
        "/sync/push",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Store entries of a till's journal",
    )
    def push(request: AnyRequest, body: RawBody) -> Response[bytes]:
        return packed(service.push(till_of(request), unpack(body, Push)))

    @post(
        "/sync/push_raw",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Keep what could not be pushed, and go on behind it",
    )
    def push_raw(request: AnyRequest, body: RawBody, reason: FromQuery[str] = "") -> Response[bytes]:
        """200 with a PushReply when the till may go on behind it; 202 without a body when it is only kept."""
        reply = service.push_raw(till_of(request), body, reason)
        return packed(reply) if reply is not None else Response(b"", status_code=202)

    @post(
        "/sync/hashes",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="What is held at some places of a journal, to find where two copies part",
    )
    def hashes(request: AnyRequest, body: RawBody) -> Response[bytes]:
        return packed(service.hashes(till_of(request), unpack(body, HashesRequest)))

    handlers: list[Any] = [push, push_raw, hashes]
    return handlers


def _for_the_office(
    db: Database, service: IngestService, background_check: BackgroundCheck
) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/quarantine",
        guards=[permission("exceptions.read")],
        sync_to_thread=True,
        summary="What was stored and not booked, the oldest first",
    )
    def quarantined(
        request: AnyRequest, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
    ) -> Page[Quarantined]:
        size, after = checked_limit(limit), read_cursor(cursor, int, str)
        scope = store_in_scope(actor_of(request), None)
        with db.read() as tx:
            rows = service.quarantined(tx, scope, after, size + 1)
        return page_of(rows, size, lambda row: (row.at_ms, row.quarantine_id))

    @post(
        "/api/v1/quarantine/{quarantine_id:str}/retry",
        guards=[permission("exceptions.write")],
        sync_to_thread=True,
        status_code=202,
        summary="Try again to book it",
    )
    def retry(request: AnyRequest, quarantine_id: FromPath[str]) -> None:
        actor = actor_of(request)
        service.retry(quarantine_id, actor.name, store_in_scope(actor, None))

    @post(
        "/api/v1/quarantine/{quarantine_id:str}/set-aside",
        guards=[permission("quarantine.write")],
        sync_to_thread=True,
        status_code=200,
        summary="Say why nobody needs what could not be booked; it is kept and counts no more",
    )
    def set_aside(request: AnyRequest, quarantine_id: FromPath[str], body: RawBody) -> Quarantined:
        asked, actor = read_json(body, SetAside), actor_of(request)
        return service.set_aside(quarantine_id, asked.reason, actor.name, store_in_scope(actor, None))

    @get(
        "/api/v1/journal/check",
        guards=[permission("evidence.read")],
        sync_to_thread=True,
        summary="How far the server came with reading again all that it stored, and what it found",
    )
    def check() -> CheckState:
        with db.read() as tx:
            return background_check.state(tx)

    handlers: list[Any] = [quarantined, retry, set_aside, check]
    return handlers
