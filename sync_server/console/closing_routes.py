"""Closings: what is closed and how it stands, one closing in full, and the daily roots to be kept elsewhere."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shared_models.errors import ShopError
from sync_server.auth import actor_of, permission
from sync_server.closings.routes import closing_seen_by, refuse_one_store, root_of
from sync_server.console.view import AnyRequest, ConsoleView, read_form
from sync_server.pages import page_of, read_cursor
from sync_server.store_scope import store_in_scope

_READ = [permission("closings.read")]
_WRITE = [permission("closings.write")]
_EVIDENCE = [permission("evidence.read")]
_PAGE = 50
TABS = {
    "days": ("Days", "store", "day"),
    "tills": ("Days of each till", "till", "day"),
    "months": ("Months", "store", "month"),
    "years": ("Years", "store", "year"),
}


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/closings", guards=_READ, sync_to_thread=True)
    def closings(request: AnyRequest) -> Response[str]:
        return _list(view, request)

    @post("/closings", guards=_WRITE, sync_to_thread=True)
    def close(request: AnyRequest, body: RawBody) -> Response[str]:
        fields = read_form(request, body)
        store_id = store_in_scope(actor_of(request), fields.get("store_id")) or ""
        try:
            made = services.closings.close_now(store_id, fields.get("day", ""))
        except ShopError as reason:
            return _list(view, request, reason.message, "bad", 400)
        said = f"{made} closings were made." if made else "Everything was closed already; nothing was made."
        return _list(view, request, said, "good")

    @get("/closings/{closing_id:int}", guards=_READ, sync_to_thread=True)
    def closing(request: AnyRequest, closing_id: FromPath[int]) -> Response[str]:
        with services.db.read() as tx:
            kept = closing_seen_by(actor_of(request), tx, services.statements, closing_id)
            chain = kept.closing.chain()
            wanted = [(part.chain, part.number) for part in kept.closing.parts]
            wanted += [
                (chain, kept.closing.amends),
                (chain, kept.amended_by),
                (chain, kept.closing.number - 1),
            ]
            found = services.statements.places(tx, wanted)
            stores = view.stores(tx, actor_of(request))
        return view.page(
            request,
            "closing.html",
            kept=kept,
            closing=kept.closing,
            chain=chain,
            ids={at: id for at, (id, _) in found.items()},
            periods={at: period for at, (_, period) in found.items()},
            stores=stores,
        )

    @get("/roots", guards=_EVIDENCE, sync_to_thread=True)
    def roots(request: AnyRequest) -> Response[str]:
        refuse_one_store(actor_of(request))
        before = read_cursor(request.query_params.get("cursor"), int)
        with services.db.read() as tx:
            rows = services.statements.roots(tx, before[0] if before else None, _PAGE + 1)
        found = page_of(rows, _PAGE, lambda row: (row.root.number,))
        return view.page(request, "roots.html", page=found, tabs=TABS)

    @get("/roots/{day:str}", guards=_EVIDENCE, sync_to_thread=True)
    def root(request: AnyRequest, day: FromPath[str]) -> Response[str]:
        refuse_one_store(actor_of(request))
        with services.db.read() as tx:
            kept = root_of(tx, services.statements, day)
        return view.page(request, "root.html", kept=kept, root=kept.root)

    return [closings, close, closing, roots, root]


def _list(
    view: ConsoleView, request: AnyRequest, message: str = "", kind: str = "good", status: int = 200
) -> Response[str]:
    query, actor = request.query_params, actor_of(request)
    tab = query.get("tab", "days") if query.get("tab") in TABS else "days"
    _, scope, span = TABS[tab]
    store_id, period = store_in_scope(actor, query.get("store_id")), query.get("period", "")
    before = read_cursor(query.get("cursor"), int)
    with view.services.db.read() as tx:
        rows = view.services.statements.closings(
            tx,
            store_id=store_id,
            scope=scope,
            span=span,
            period=period,
            before=before[0] if before else None,
            limit=_PAGE + 1,
        )
        stores = view.stores(tx, actor)
    found = page_of(rows, _PAGE, lambda row: (row.closing_id,))
    filters = {"tab": tab, "store_id": query.get("store_id", ""), "period": period}
    return view.page(
        request,
        "closings.html",
        status,
        page=found,
        tabs=TABS,
        tab=tab,
        filters=filters,
        stores=stores,
        message=message,
        kind=kind,
    )
