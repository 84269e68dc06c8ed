"""Closings and daily roots over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.closing import Closing, DailyRoot, Head
from sync_server.auth import Actor, actor_of, permission
from sync_server.closings.service import ClosingService
from sync_server.closings.statement_text import root_as_text
from sync_server.database import Database, Transaction
from sync_server.errors import Forbidden, Invalid, NotFound, read_json
from sync_server.evidence.statements import KeptClosing, KeptRoot, Statements
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope

_READ = [permission("closings.read")]
_WRITE = [permission("closings.write")]
_EVIDENCE = [permission("evidence.read")]
_LARGEST_ID = 2**63 - 1
_SCOPES, _SPANS = ("", "till", "store"), ("", "day", "month", "year")


class SignedClosing(msgspec.Struct, frozen=True, kw_only=True):
    """`statement` is the text that is signed, byte for byte; `closing` is what it says. Hash and signature in hex.

    `amended_by` is the number of the closing in the same chain that came in its place, 0 where there is none.
    """

    closing_id: int
    chain: str
    amended_by: int
    closing: Closing
    statement: str
    hash: str
    signature: str


class SignedRoot(msgspec.Struct, frozen=True, kw_only=True):
    """`statement` is the text that is signed, byte for byte; `root` is what it says. Hash and signature in hex."""

    root: DailyRoot
    statement: str
    hash: str
    signature: str


class RootWithHeads(SignedRoot, frozen=True, kw_only=True):
    """With the journals and chains of closings that the root is made of."""

    journals: list[Head]
    closings: list[Head]


class CloseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`day` is the last day to be closed, empty for yesterday."""

    store_id: str
    day: str = ""


class Closed(msgspec.Struct, frozen=True):
    """How many closings were made; 0 where nothing was left to close."""

    made: int


def routes(db: Database, service: ClosingService, statements: Statements) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/closings",
        guards=_READ,
        sync_to_thread=True,
        summary="Closings of tills and stores, the newest first",
    )
    def closings(
        request: Request[Any, Any, Any],
        store_id: FromQuery[str] = "",
        till_id: FromQuery[str] = "",
        of: FromQuery[str] = "",
        span: FromQuery[str] = "",
        period: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[SignedClosing]:
        """`of`: till or store. `span`: day, month or year. `period`: 2026-11-25, or a beginning such as 2026-11."""
        if of not in _SCOPES or span not in _SPANS:
            raise Invalid("of is till or store; span is day, month or year.")
        size, before = checked_limit(limit), read_cursor(cursor, int)
        mine = store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            rows = statements.closings(
                tx,
                store_id=mine,
                till_id=till_id,
                scope=of,
                span=span,
                period=period,
                before=before[0] if before else None,
                limit=size + 1,
            )
        return page_of([signed(row) for row in rows], size, lambda row: (row.closing_id,))

    @get(
        "/api/v1/closings/{closing_id:int}",
        guards=_READ,
        sync_to_thread=True,
        summary="One closing, as it was signed",
    )
    def closing(request: Request[Any, Any, Any], closing_id: FromPath[int]) -> SignedClosing:
        with db.read() as tx:
            return signed(closing_seen_by(actor_of(request), tx, statements, closing_id))

    @post(
        "/api/v1/closings",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=200,
        summary="Close a store's days now, without waiting for the night",
    )
    def close(request: Request[Any, Any, Any], body: RawBody) -> Closed:
        asked = read_json(body, CloseRequest)
        store_in_scope(actor_of(request), asked.store_id)
        return Closed(service.close_now(asked.store_id, asked.day))

    @get("/api/v1/roots", guards=_EVIDENCE, sync_to_thread=True, summary="Daily roots, the newest first")
    def roots(
        request: Request[Any, Any, Any],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[SignedRoot]:
        size, before = checked_limit(limit), read_cursor(cursor, int)
        refuse_one_store(actor_of(request))
        with db.read() as tx:
            rows = statements.roots(tx, before[0] if before else None, size + 1)
        return page_of([signed_root(row) for row in rows], size, lambda row: (row.root.number,))

    @get(
        "/api/v1/roots/{day:str}",
        guards=_EVIDENCE,
        sync_to_thread=True,
        summary="A daily root with what it is made of, or as a text to be kept elsewhere",
    )
    def root(
        request: Request[Any, Any, Any], day: FromPath[str], format: FromQuery[str] = "json"
    ) -> Response[Any]:
        """`format`: json, or text for a page that can be printed, mailed and checked by `verifier --root`."""
        if format not in ("json", "text"):
            raise Invalid("format is json or text.")
        refuse_one_store(actor_of(request))
        with db.read() as tx:
            found = root_of(tx, statements, day)
        if format == "text":
            return Response(root_as_text(found), media_type="text/plain")
        return Response(with_heads(found))

    handlers: list[Any] = [closings, closing, close, roots, root]
    return handlers


def closing_seen_by(actor: Actor, tx: Transaction, statements: Statements, closing_id: int) -> KeptClosing:
    """Raises NotFound, also for another store's."""
    found = statements.closing(tx, closing_id) if 0 < closing_id <= _LARGEST_ID else None
    if found is None or actor.store_id not in (None, found.closing.store_id):
        raise NotFound("There is no such closing.", closing_id=closing_id)
    return found


def root_of(tx: Transaction, statements: Statements, day: str) -> KeptRoot:
    found = statements.root(tx, day)
    if found is None:
        raise NotFound("There is no root of this day. Each is made when its day (UTC) is over.", day=day)
    return found


def refuse_one_store(actor: Actor) -> None:
    """A root is over all stores."""
    if actor.store_id is not None:
        raise Forbidden("Your account is for one store. Ask an administrator.")


def signed(kept: KeptClosing) -> SignedClosing:
    return SignedClosing(
        closing_id=kept.closing_id,
        chain=kept.closing.chain(),
        amended_by=kept.amended_by,
        closing=kept.closing,
        statement=kept.seal.body.decode(),
        hash=kept.seal.hash.hex(),
        signature=kept.seal.signature.hex(),
    )


def signed_root(kept: KeptRoot) -> SignedRoot:
    seal = kept.seal
    return SignedRoot(
        root=kept.root, statement=seal.body.decode(), hash=seal.hash.hex(), signature=seal.signature.hex()
    )


def with_heads(kept: KeptRoot) -> RootWithHeads:
    values = msgspec.structs.asdict(signed_root(kept))
    return RootWithHeads(**values, journals=kept.journals, closings=kept.closings)
