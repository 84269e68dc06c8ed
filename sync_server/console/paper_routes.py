"""What a store's receipts begin and end with: its logo, words in the logo's place, and the lines at the foot."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath

from shared_models.errors import ShopError
from shared_models.store_config import StoreConfig
from sync_server.auth import actor_of, permission
from sync_server.console.view import AnyRequest, ConsoleView, address, read_upload, see
from sync_server.errors import Invalid, NotFound
from sync_server.store_scope import store_in_scope

_WRITE = [permission("stores.write")]
_MOST_LOGO_TEXT = 200
_MOST_FOOTER = 1000
_FIELDS = ("store_id", "logo_text", "receipt_footer", "without_logo")


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/paper", guards=_WRITE, sync_to_thread=True)
    def paper(request: AnyRequest) -> Response[str]:
        return _page(view, request, {"store_id": request.query_params.get("store_id", "")})

    @post("/paper", guards=_WRITE)
    async def change(request: AnyRequest) -> Response[Any]:
        sent = await read_upload(request, "logo")
        fields = {name: sent.fields.get(name, "") for name in _FIELDS}
        return await sync_to_thread(_change, view, request, fields, sent.content)

    @get("/paper/{store_id:str}/logo.png", guards=_WRITE, sync_to_thread=True)
    def logo(request: AnyRequest, store_id: FromPath[str]) -> Response[bytes]:
        store_in_scope(actor_of(request), store_id)
        with services.db.read() as tx:
            png = services.stores.store(tx, store_id).logo_png
        if not png:
            raise NotFound(f"Store {store_id} has no logo.")
        return Response(png, media_type="image/png", headers={"Cache-Control": "no-store"})

    return [paper, change, logo]


def _change(view: ConsoleView, request: AnyRequest, fields: dict[str, str], png: bytes) -> Response[Any]:
    services, store_id = view.services, fields["store_id"]
    store_in_scope(actor_of(request), store_id)
    try:
        logo_text = _words(fields["logo_text"], _MOST_LOGO_TEXT, "place of the logo")
        footer = _words(fields["receipt_footer"], _MOST_FOOTER, "foot")
        with services.db.write() as tx:
            before = services.stores.store(tx, store_id)
            kept = b"" if fields["without_logo"] else before.logo_png
            after = msgspec.structs.replace(
                before, logo_png=png or kept, logo_text=logo_text, receipt_footer=footer
            )
            services.stores.change(tx, after)
    except ShopError as reason:
        return _page(view, request, fields, reason.message, int(getattr(reason, "status", 400)))
    return see(address("/paper", {"store_id": store_id, "done": "1"}))


def _words(text: str, most: int, where: str) -> str:
    """Lines as they are printed, without empty ones around them."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if not all(line.isprintable() for line in lines):
        raise Invalid(f"In the {where} there can only be letters, digits and signs. Type the words anew.")
    whole = "\n".join(lines)
    if len(whole) > most:
        raise Invalid(f"In the {where} there is room for at most {most} characters.")
    return whole


def _page(
    view: ConsoleView, request: AnyRequest, fields: dict[str, str], message: str = "", status: int = 200
) -> Response[str]:
    """`fields` as somebody typed them; else as they are in the store, the first where none is named."""
    with view.services.db.read() as tx:
        stores = view.stores(tx, actor_of(request))
        store_id = fields["store_id"] if fields["store_id"] in stores else next(iter(stores), "")
        store: StoreConfig | None = view.services.stores.store(tx, store_id) if store_id else None
    return view.page(
        request,
        "paper.html",
        status,
        stores=stores,
        store=store,
        logo_text=fields.get("logo_text", store.logo_text if store else ""),
        receipt_footer=fields.get("receipt_footer", store.receipt_footer if store else ""),
        most_logo_text=_MOST_LOGO_TEXT,
        most_footer=_MOST_FOOTER,
        message=message,
        done=request.query_params.get("done", ""),
    )
