"""Staff: who works at the tills, taking somebody on, a new PIN or role, and saying goodbye."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shared_models.errors import ShopError
from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView, address, read_form, see
from sync_server.errors import Forbidden
from sync_server.pages import page_of, read_cursor
from sync_server.staff.roles import ROLES
from sync_server.staff.routes import in_own_stores
from sync_server.store_scope import store_in_scope

_READ = [permission("staff.read")]
_WRITE = [permission("staff.write")]
_PAGE = 100
_STORE = "store_"
_DONE = {
    "hired": "The new colleague may log in at the till.",
    "pin": "The new PIN is on its way to the tills.",
    "role": "The new role is on its way to the tills.",
    "dismissed": "This person may no longer log in at any till.",
}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/staff", guards=_READ, sync_to_thread=True)
    def staff(request: AnyRequest) -> Response[str]:
        return _list(view, request)

    @post("/staff", guards=_WRITE, sync_to_thread=True)
    def hire(request: AnyRequest, body: RawBody) -> Response[Any]:
        fields = read_form(request, body)
        store_ids = [name.removeprefix(_STORE) for name in fields if name.startswith(_STORE)]
        for store_id in store_ids:
            store_in_scope(actor_of(request), store_id)
        try:
            with services.db.write() as tx:
                services.staff.hire(
                    tx, fields.get("name", ""), fields.get("pin", ""), fields.get("role", ""), store_ids
                )
        except ShopError as reason:
            return _list(view, request, fields, reason.message, 400)
        return see(address("/staff", {"done": "hired"}))

    @get("/staff/{staff_id:str}", guards=_READ, sync_to_thread=True)
    def member(request: AnyRequest, staff_id: FromPath[str]) -> Response[str]:
        return _member(view, request, staff_id)

    @post("/staff/{staff_id:str}", guards=_WRITE, sync_to_thread=True)
    def change(request: AnyRequest, staff_id: FromPath[str], body: RawBody) -> Response[Any]:
        fields = read_form(request, body)
        try:
            done = _change(view, request, staff_id, fields)
        except ShopError as reason:
            return _member(view, request, staff_id, reason.message, 400)
        return see(address(f"/staff/{staff_id}", {"done": done}))

    return [staff, hire, member, change]


def _change(view: ConsoleView, request: AnyRequest, staff_id: str, fields: dict[str, str]) -> str:
    """What was done, as `_DONE` names it."""
    service = view.services.staff
    with view.services.db.write() as tx:
        in_own_stores(service.member(tx, staff_id), actor_of(request))
        if fields.get("do") == "pin":
            service.change_pin(tx, staff_id, fields.get("pin", ""))
            return "pin"
        if fields.get("do") == "role":
            service.change_role(tx, staff_id, fields.get("role", ""))
            return "role"
        service.dismiss(tx, staff_id)
        return "dismissed"


def _list(
    view: ConsoleView,
    request: AnyRequest,
    fields: dict[str, str] | None = None,
    message: str = "",
    status: int = 200,
) -> Response[str]:
    actor, query = actor_of(request), request.query_params
    scope = store_in_scope(actor, query.get("store_id"))
    with view.services.db.read() as tx:
        rows = view.services.staff.members(tx, scope, read_cursor(query.get("cursor"), str, str), _PAGE + 1)
        stores = view.stores(tx, actor)
    return view.page(
        request,
        "staff.html",
        status,
        page=page_of(rows, _PAGE, lambda row: (row.name, row.staff_id)),
        stores=stores,
        roles=tuple(ROLES),
        fields=fields or {},
        filters={"store_id": query.get("store_id", "")},
        message=message,
        done=_DONE.get(query.get("done", ""), ""),
    )


def _member(
    view: ConsoleView, request: AnyRequest, staff_id: str, message: str = "", status: int = 200
) -> Response[str]:
    actor = actor_of(request)
    with view.services.db.read() as tx:
        member = view.services.staff.member(tx, staff_id)
        stores = view.stores(tx, actor)
    if actor.store_id is not None and actor.store_id not in member.store_ids:
        raise Forbidden("This person works in another store. Ask head office.")
    own = actor.store_id is None or set(member.store_ids) == {actor.store_id}
    return view.page(
        request,
        "staff_member.html",
        status,
        member=member,
        stores=stores,
        roles=tuple(ROLES),
        own=own,
        message=message,
        done=_DONE.get(request.query_params.get("done", ""), ""),
    )
