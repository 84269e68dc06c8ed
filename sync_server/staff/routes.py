"""Staff over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.auth import Actor, actor_of, permission
from sync_server.database import Database
from sync_server.errors import Forbidden, read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.staff.service import KeptStaff, StaffService
from sync_server.store_scope import store_in_scope

_READ = [permission("staff.read")]
_WRITE = [permission("staff.write")]


class NewStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    pin: str
    role: str
    store_ids: tuple[str, ...]


class NewPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin: str


class NewRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: str


def routes(db: Database, service: StaffService) -> list[ControllerRouterHandler]:
    @get("/api/v1/staff", guards=_READ, sync_to_thread=True, summary="Who works at the tills, by name")
    def members(
        request: Request[Any, Any, Any],
        store_id: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[KeptStaff]:
        size, after = checked_limit(limit), read_cursor(cursor, str, str)
        scope = store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            rows = service.members(tx, scope, after, size + 1)
        return page_of(rows, size, lambda row: (row.name, row.staff_id))

    @post(
        "/api/v1/staff",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Take somebody on, with a PIN of 4 to 8 digits",
    )
    def hire(request: Request[Any, Any, Any], body: RawBody) -> KeptStaff:
        asked = read_json(body, NewStaff)
        for store_id in asked.store_ids:
            store_in_scope(actor_of(request), store_id)
        with db.write() as tx:
            return service.hire(tx, asked.name, asked.pin, asked.role, asked.store_ids)

    @post(
        "/api/v1/staff/{staff_id:str}/pin",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=204,
        summary="New PIN",
    )
    def change_pin(request: Request[Any, Any, Any], staff_id: FromPath[str], body: RawBody) -> None:
        asked = read_json(body, NewPin)
        with db.write() as tx:
            in_own_stores(service.member(tx, staff_id), actor_of(request))
            service.change_pin(tx, staff_id, asked.pin)

    @post(
        "/api/v1/staff/{staff_id:str}/role",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=204,
        summary="New role",
    )
    def change_role(request: Request[Any, Any, Any], staff_id: FromPath[str], body: RawBody) -> None:
        asked = read_json(body, NewRole)
        with db.write() as tx:
            in_own_stores(service.member(tx, staff_id), actor_of(request))
            service.change_role(tx, staff_id, asked.role)

    @post(
        "/api/v1/staff/{staff_id:str}/dismiss",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=204,
        summary="May no longer log in at any till",
    )
    def dismiss(request: Request[Any, Any, Any], staff_id: FromPath[str]) -> None:
        with db.write() as tx:
            in_own_stores(service.member(tx, staff_id), actor_of(request))
            service.dismiss(tx, staff_id)

    handlers: list[Any] = [members, hire, change_pin, change_role, dismiss]
    return handlers


def in_own_stores(member: KeptStaff, actor: Actor) -> None:
    """Raises Forbidden where the account is for one store and the person works elsewhere too."""
    if actor.store_id is not None and set(member.store_ids) != {actor.store_id}:
        raise Forbidden("This person works in another store too. Ask head office.")
