"""Enrolment, tokens, hello and the office's view of devices, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.protocol import PROTOCOL
from shared_models.reference import FeedPosition
from shared_models.server_keys import KeyTerm
from shared_models.sync_api import (
    EnrolRequest,
    FeedVerdict,
    Hello,
    HelloReply,
    SegmentState,
    SegmentVerdict,
    Token,
    TokenRequest,
)
from shared_models.wire import unpack
from sync_server.attempts import Attempts, address_of, of_address
from sync_server.auth import actor_of, permission, public
from sync_server.database import Database, Transaction
from sync_server.enrolment import WrongCode, check_protocol
from sync_server.errors import read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.ports import NowMs
from sync_server.settings import Settings
from sync_server.store_scope import store_in_scope
from sync_server.sync_messages import TillIdentity, check_segments, packed, till, till_of
from sync_server.tills.service import Device, EnrolCode, TillService

JudgeSegments = Callable[
    [Transaction, TillIdentity, tuple[SegmentState, ...], int], tuple[SegmentVerdict, ...]
]
JudgeFeeds = Callable[[Transaction, str, tuple[FeedPosition, ...]], tuple[FeedVerdict, ...]]
ServerKey = Callable[[Transaction], bytes]
KeyTerms = Callable[[Transaction], tuple[KeyTerm, ...]]
Meet = Callable[[str], None]
Listen = Callable[[TillIdentity, Hello], None]
AnyRequest = Request[Any, Any, Any]


class CodeFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    till_id: str


def routes(
    db: Database,
    service: TillService,
    attempts: Attempts,
    settings: Settings,
    judge_segments: JudgeSegments,
    judge_feeds: JudgeFeeds,
    now_ms: NowMs,
    key_terms: KeyTerms,
) -> list[ControllerRouterHandler]:
    """`judge_segments` and `judge_feeds` are what the two streams have to say to a hello."""
    enrol = _enrolment(db, service, attempts, settings)
    keys = (service.server_key, key_terms)
    rest = for_tills(db, service, judge_segments, judge_feeds, now_ms, server_keys=keys)
    return [enrol, *rest, *_for_the_office(db, service)]


def _enrolment(db: Database, service: TillService, attempts: Attempts, settings: Settings) -> Any:
    @post(
        "/sync/enrol",
        guards=[public],
        sync_to_thread=True,
        status_code=200,
        summary="Become a till, with a one-time code",
    )
    def enrol(request: AnyRequest, body: RawBody) -> Response[bytes]:
        asked = unpack(body, EnrolRequest)
        address = of_address("enrolment", address_of(request, settings.behind_proxy))
        with attempts.guarding([address], WrongCode), db.write() as tx:
            return packed(service.enrol(tx, asked))

    return enrol


def for_tills(
    db: Database,
    service: TillService,
    judge_segments: JudgeSegments,
    judge_feeds: JudgeFeeds,
    now_ms: NowMs,
    meet: Meet = lambda device_id: None,
    listen: Listen = lambda who, said: None,
    server_keys: tuple[ServerKey, KeyTerms] = (lambda tx: b"", lambda tx: ()),
) -> list[Any]:
    """Log-in and hello, as a store's hub offers them too.

    `meet` hears who logs in, and `listen` each hello, before they are judged. A hub has no `server_keys`: a till
    keeps the central server's word alone.
    """

    @get("/sync/challenge", guards=[public], sync_to_thread=False, summary="Something to sign")
    def challenge() -> Response[bytes]:
        return packed(service.challenge())

    @post(
        "/sync/token",
        guards=[public],
        sync_to_thread=True,
        status_code=200,
        summary="A token for a signed challenge",
    )
    def token(body: RawBody) -> Response[bytes]:
        asked = unpack(body, TokenRequest)
        meet(asked.device_id)
        with db.write() as tx:
            issued, expires_ms = service.token(tx, asked)
        return packed(Token(token=issued, expires_ms=expires_ms))

    @post(
        "/sync/hello",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="How the till is, and where both sides stand",
    )
    def hello(request: AnyRequest, body: RawBody) -> Response[bytes]:
        who, said = till_of(request), unpack(body, Hello)
        check_protocol(said.protocol)
        check_segments(said.segments)
        listen(who, said)
        with db.write() as tx:
            service.public_key(tx, who)
            service.seen(tx, who, said)
            segments = judge_segments(tx, who, said.segments, said.till_time_ms)
            feeds = judge_feeds(tx, who.store_id, said.feeds)
            server_key, terms = server_keys[0](tx), server_keys[1](tx)
        return packed(
            HelloReply(
                server_time_ms=now_ms(),
                protocol=PROTOCOL,
                segments=segments,
                feeds=feeds,
                server_key=server_key,
                server_keys=terms,
            )
        )

    return [challenge, token, hello]


def _for_the_office(db: Database, service: TillService) -> list[Any]:
    @post(
        "/api/v1/tills/enrol-codes",
        guards=[permission("tills.write")],
        sync_to_thread=True,
        summary="A one-time code that makes a machine a till",
    )
    def make_code(request: AnyRequest, body: RawBody) -> EnrolCode:
        asked = read_json(body, CodeFor)
        with db.write() as tx:
            return service.make_code(tx, asked.till_id, actor_of(request).name)

    @get(
        "/api/v1/tills/devices",
        guards=[permission("tills.read")],
        sync_to_thread=True,
        summary="The machines that are or were tills, and how each is",
    )
    def devices(
        request: AnyRequest, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
    ) -> Page[Device]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        own = store_in_scope(actor_of(request), None)
        with db.read() as tx:
            rows = service.devices(tx, after[0] if after else None, size + 1, own)
        return page_of(rows, size, lambda row: (row.device_id,))

    @post(
        "/api/v1/tills/devices/{device_id:str}/revoke",
        guards=[permission("tills.write")],
        sync_to_thread=True,
        status_code=204,
        summary="Shut a machine out",
    )
    def revoke(device_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.revoke(tx, device_id)

    return [make_code, devices, revoke]
