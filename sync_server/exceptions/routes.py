"""The exceptions inbox over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, QueryParameter, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.auth import Actor, actor_of, permission
from sync_server.database import Database
from sync_server.errors import NotFound, read_json
from sync_server.exceptions.service import Case, CaseNote, ExceptionService
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope

_READ = [permission("exceptions.read")]
_WRITE = [permission("exceptions.write")]


class Assign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: str


class CaseDetail(msgspec.Struct, frozen=True):
    case: Case
    notes: list[CaseNote]


def seen_by(case: Case, actor: Actor) -> Case:
    """The case, if it is one of the actor's store or of no store; raises NotFound otherwise."""
    if actor.store_id is not None and case.store_id not in ("", actor.store_id):
        raise NotFound("There is no such exception.", case_id=case.case_id)
    return case


def routes(db: Database, service: ExceptionService) -> list[ControllerRouterHandler]:
    @get("/api/v1/exceptions", guards=_READ, sync_to_thread=True, summary="Exceptions, the newest first")
    def cases(
        request: Request[Any, Any, Any],
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        kind: FromQuery[str] = "",
        store_id: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[Case]:
        """`state` is open, assigned or resolved, or several with commas between."""
        size, before = checked_limit(limit), read_cursor(cursor, int)
        states = [one for one in in_state.split(",") if one]
        scope = store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            before_id = before[0] if before else None
            rows = service.cases(
                tx, states=states, store_id=scope, kind=kind, before=before_id, limit=size + 1
            )
        return page_of(rows, size, lambda row: (row.case_id,))

    @get(
        "/api/v1/exceptions/{case_id:int}",
        guards=_READ,
        sync_to_thread=True,
        summary="One exception with its notes",
    )
    def case(request: Request[Any, Any, Any], case_id: FromPath[int]) -> CaseDetail:
        with db.read() as tx:
            return CaseDetail(
                seen_by(service.case(tx, case_id), actor_of(request)), service.notes(tx, case_id)
            )

    @post(
        "/api/v1/exceptions/{case_id:int}/assign",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Say who looks at it",
    )
    def assign(request: Request[Any, Any, Any], case_id: FromPath[int], body: RawBody) -> Case:
        asked, actor = read_json(body, Assign), actor_of(request)
        with db.write() as tx:
            seen_by(service.case(tx, case_id), actor)
            return service.assign(tx, case_id, asked.to, actor.name)

    @post(
        "/api/v1/exceptions/{case_id:int}/resolve",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Say what was done",
    )
    def resolve(request: Request[Any, Any, Any], case_id: FromPath[int], body: RawBody) -> Case:
        asked, actor = read_json(body, Note), actor_of(request)
        with db.write() as tx:
            seen_by(service.case(tx, case_id), actor)
            return service.resolve(tx, case_id, asked.note, actor.name)

    @post(
        "/api/v1/exceptions/{case_id:int}/reopen",
        guards=_WRITE,
        sync_to_thread=True,
        summary="It is not done yet",
    )
    def reopen(request: Request[Any, Any, Any], case_id: FromPath[int], body: RawBody) -> Case:
        asked, actor = read_json(body, Note), actor_of(request)
        with db.write() as tx:
            seen_by(service.case(tx, case_id), actor)
            return service.reopen(tx, case_id, asked.note, actor.name)

    handlers: list[Any] = [cases, case, assign, resolve, reopen]
    return handlers
