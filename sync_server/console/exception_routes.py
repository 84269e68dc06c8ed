"""Exceptions: what waits for a person, what it is about, and getting it done."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shared_models.errors import ShopError
from sync_server.auth import Actor, actor_of, permission
from sync_server.console.advice import advice
from sync_server.console.view import AnyRequest, ConsoleView, read_form, see
from sync_server.database import Transaction
from sync_server.exceptions.routes import seen_by
from sync_server.exceptions.service import Case
from sync_server.ingest.frame_contents import Contents, contents
from sync_server.ingest.held_money import HeldMoney, held_money
from sync_server.ingest.service import Quarantined
from sync_server.pages import page_of, read_cursor

_READ = [permission("exceptions.read")]
_PAGE = 50
_STATES = {
    "waiting": ("open", "assigned"),
    "open": ("open",),
    "assigned": ("assigned",),
    "resolved": ("resolved",),
}
_PLACES = {"sale": "/receipts/{}", "shift": "/shifts/{}", "product": "/stock/{}"}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/exceptions", guards=_READ, sync_to_thread=True)
    def cases(request: AnyRequest) -> Response[str]:
        query = request.query_params
        state = query.get("state", "waiting") if query.get("state") in _STATES else "waiting"
        before = read_cursor(query.get("cursor"), int)
        with services.db.read() as tx:
            rows = services.exceptions.cases(
                tx,
                states=_STATES[state],
                store_id=actor_of(request).store_id,
                kind=query.get("kind", ""),
                before=before[0] if before else None,
                limit=_PAGE + 1,
            )
            checked = services.background_check.state(tx)
        found = page_of(rows, _PAGE, lambda row: (row.case_id,))
        filters = {"state": state, "kind": query.get("kind", "")}
        return view.page(
            request,
            "exceptions.html",
            page=found,
            filters=filters,
            states=tuple(_STATES),
            checked=checked,
        )

    @get("/exceptions/{case_id:int}", guards=_READ, sync_to_thread=True)
    def case(request: AnyRequest, case_id: FromPath[int]) -> Response[str]:
        return _case_page(view, request, case_id)

    @post("/exceptions/{case_id:int}", guards=[permission("exceptions.write")], sync_to_thread=True)
    def work(request: AnyRequest, case_id: FromPath[int], body: RawBody) -> Response[Any]:
        fields, actor = read_form(request, body), actor_of(request)
        note = fields.get("note", "")
        try:
            with services.db.write() as tx:
                seen_by(services.exceptions.case(tx, case_id), actor)
                if fields.get("do") == "assign":
                    services.exceptions.assign(tx, case_id, actor.name, actor.name)
                elif fields.get("do") == "reopen":
                    services.exceptions.reopen(tx, case_id, note, actor.name)
                else:
                    services.exceptions.resolve(tx, case_id, note, actor.name)
        except ShopError as reason:
            return _case_page(view, request, case_id, note, reason.message, 400)
        return see(f"/exceptions/{case_id}")

    @post("/exceptions/{case_id:int}/set-aside", guards=[permission("quarantine.write")], sync_to_thread=True)
    def set_aside(request: AnyRequest, case_id: FromPath[int], body: RawBody) -> Response[Any]:
        fields, actor = read_form(request, body), actor_of(request)
        note = fields.get("note", "")
        try:
            services.ingest.set_aside(_held_id(view, case_id, actor), note, actor.name, actor.store_id)
        except ShopError as reason:
            return _case_page(view, request, case_id, note, reason.message, 400)
        return see(f"/exceptions/{case_id}")

    @post("/exceptions/{case_id:int}/retry", guards=[permission("exceptions.write")], sync_to_thread=True)
    def retry(request: AnyRequest, case_id: FromPath[int], body: RawBody) -> Response[Any]:
        read_form(request, body)
        actor = actor_of(request)
        try:
            services.ingest.retry(_held_id(view, case_id, actor), actor.name, actor.store_id)
        except ShopError as reason:
            return _case_page(view, request, case_id, "", reason.message, 400)
        return see(f"/exceptions/{case_id}")

    return [cases, case, work, set_aside, retry]


class _Held(NamedTuple):
    """What is in quarantine, as the page shows it; `contents` where it is a frame that came raw."""

    entry: Quarantined
    contents: Contents | None
    money: HeldMoney
    is_tried_again: bool


def _held(view: ConsoleView, tx: Transaction, case: Case, actor: Actor) -> _Held | None:
    id, ingest = case.refs.get("quarantine", ""), view.services.ingest
    if not id:
        return None
    entry = ingest.held(tx, id, actor.store_id)
    return _Held(entry, contents(tx, id), held_money(tx, id), ingest.is_tried_again(tx, id))


def _held_id(view: ConsoleView, case_id: int, actor: Actor) -> str:
    """Of what the case is about; empty where nothing of it is in quarantine."""
    with view.services.db.read() as tx:
        return seen_by(view.services.exceptions.case(tx, case_id), actor).refs.get("quarantine", "")


def _case_page(
    view: ConsoleView, request: AnyRequest, case_id: int, note: str = "", message: str = "", status: int = 200
) -> Response[str]:
    with view.services.db.read() as tx:
        case = seen_by(view.services.exceptions.case(tx, case_id), actor_of(request))
        notes = view.services.exceptions.notes(tx, case_id)
        held = _held(view, tx, case, actor_of(request))
    links = {name: _PLACES[name].format(value) for name, value in case.refs.items() if name in _PLACES}
    return view.page(
        request,
        "exception.html",
        status,
        case=case,
        notes=notes,
        links=links,
        held=held,
        advice=advice(case.kind),
        note=note,
        message=message,
    )
