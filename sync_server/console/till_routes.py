"""The tills: when each was last heard of, what it has not sent yet, and a code that makes a machine one."""

from __future__ import annotations

import io
from typing import Any

import segno
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, RawBody
from litestar.response import Stream

from shared_models.enrolment_uri import enrolment_uri
from shared_models.errors import ShopError
from sync_server.auth import actor_of, permission
from sync_server.console.advice import STATES, WHY
from sync_server.console.view import AnyRequest, ConsoleView, address, read_form, read_upload, see
from sync_server.handed_in.routes import sent
from sync_server.reports.journals import journal_lives
from sync_server.store_scope import store_in_scope

_MAX = 500
_QUIET_MS = 15 * 60_000
_DRIFT_MS = 2 * 60_000
_WAITING = ("open", "assigned")
_CASES = 50


def routes(view: ConsoleView) -> list[Any]:
    services = view.services

    @get("/tills", guards=[permission("tills.read")], sync_to_thread=True)
    def tills(request: AnyRequest) -> Response[str]:
        return _list(view, request)

    @get("/tills/{till_id:str}", guards=[permission("tills.read")], sync_to_thread=True)
    def till(request: AnyRequest, till_id: FromPath[str]) -> Response[str]:
        return _till_page(view, request, till_id)

    @post("/tills", guards=[permission("stores.write")], sync_to_thread=True)
    def add(request: AnyRequest, body: RawBody) -> Response[Any]:
        fields = read_form(request, body)
        store_id, number = fields.get("store_id", ""), fields.get("number", "").strip()
        store_in_scope(actor_of(request), store_id)
        try:
            with services.db.write() as tx:
                services.stores.add_till(tx, f"{store_id}-{number}", store_id, fields.get("name", "").strip())
        except ShopError as reason:
            return _list(view, request, fields, reason.message, 400)
        return see(address("/tills", {"done": "1"}))

    @post("/tills/{till_id:str}/code", guards=[permission("tills.write")], sync_to_thread=True)
    def code(request: AnyRequest, till_id: FromPath[str], body: RawBody) -> Response[str]:
        """Shown in the answer to the form and nowhere else: the server keeps only its hash."""
        read_form(request, body)
        actor = actor_of(request)
        with services.db.write() as tx:
            place = services.stores.till(tx, till_id)
            store_in_scope(actor, place.store_id)
            made = services.tills.make_code(tx, till_id, actor.name)
        server = _address(request)
        return view.page(
            request,
            "till_code.html",
            till=place,
            made=made,
            server=server,
            qr=_picture(enrolment_uri(server, made.code)),
        )

    @get("/tills/file", guards=[permission("tills.write")], sync_to_thread=True)
    def file_form(request: AnyRequest) -> Response[str]:
        return view.page(request, "till_file.html", message="", report=None)

    @post("/tills/file", guards=[permission("tills.write")])
    async def bring(request: AnyRequest) -> Response[str]:
        sent = await read_upload(request)
        return await sync_to_thread(_bring, view, request, sent.content, sent.fields.get("code", ""))

    @get(
        "/tills/{till_id:str}/files/{file_id:str}",
        guards=[permission("evidence.read")],
        sync_to_thread=True,
    )
    def fetch(request: AnyRequest, till_id: FromPath[str], file_id: FromPath[str]) -> Stream:
        with services.db.read() as tx:
            store_in_scope(actor_of(request), services.stores.till(tx, till_id).store_id)
            file = services.handed_in.file(tx, till_id, file_id)
        return sent(file, services.handed_in.path(file))

    @post(
        "/tills/{till_id:str}/files/{file_id:str}/remove",
        guards=[permission("tills.write")],
        sync_to_thread=True,
    )
    def remove(
        request: AnyRequest, till_id: FromPath[str], file_id: FromPath[str], body: RawBody
    ) -> Response[Any]:
        read_form(request, body)
        with services.db.read() as tx:
            store_in_scope(actor_of(request), services.stores.till(tx, till_id).store_id)
        services.handed_in.remove(till_id, file_id)
        return see(f"/tills/{till_id}")

    return [tills, till, add, code, file_form, bring, fetch, remove]


def _bring(view: ConsoleView, request: AnyRequest, content: bytes, code: str) -> Response[str]:
    actor = actor_of(request)

    def allowed(store_id: str) -> None:
        store_in_scope(actor, store_id)

    try:
        report = view.services.outbox_import.run(io.BytesIO(content), code, actor.name, allowed)
    except ShopError as reason:
        return view.page(request, "till_file.html", 400, message=reason.message, report=None)
    return view.page(request, "till_file.html", message="", report=report)


def _till_page(view: ConsoleView, request: AnyRequest, till_id: str) -> Response[str]:
    """How the till is, the lives of its journal, and what waits for a person."""
    services, actor = view.services, actor_of(request)
    with services.db.read() as tx:
        place = services.stores.till(tx, till_id)
        store_in_scope(actor, place.store_id)
        device = services.tills.device_of(tx, till_id)
        lives = journal_lives(tx, till_id)
        files = services.handed_in.files(tx, till_id) if actor.may("evidence.read") else []
        cases = []
        if actor.may("exceptions.read"):
            cases = services.exceptions.cases(tx, states=_WAITING, till_id=till_id, limit=_CASES)
    return view.page(
        request,
        "till.html",
        till=place,
        device=device,
        lives=lives,
        cases=cases,
        files=files,
        why=WHY,
        states=STATES,
        now_ms=view.now_ms(),
        quiet_ms=_QUIET_MS,
        drift_ms=_DRIFT_MS,
    )


def _picture(text: str) -> str:
    """A QR code as SVG: scanned on the till's machine instead of typing."""
    picture: str = segno.make(text, error="m").svg_inline(scale=5, border=4, light="white", omitsize=False)
    return picture


def _address(request: AnyRequest) -> str:
    """This server's, as the browser reaches it: it knows better than we do behind a proxy."""
    origin = request.headers.get("origin", "")
    return origin if "://" in origin else f"{request.url.scheme}://{request.headers.get('host', '')}"


def _list(
    view: ConsoleView,
    request: AnyRequest,
    fields: dict[str, str] | None = None,
    message: str = "",
    status: int = 200,
) -> Response[str]:
    services, actor = view.services, actor_of(request)
    with services.db.read() as tx:
        places = services.stores.tills(tx, actor.store_id, None, _MAX)
        devices = services.tills.devices(tx, None, _MAX, actor.store_id)
        stores = view.stores(tx, actor)
    return view.page(
        request,
        "tills.html",
        status,
        tills=places,
        devices={device.till_id: device for device in devices if device.state == "active"},
        stores=stores,
        now_ms=view.now_ms(),
        quiet_ms=_QUIET_MS,
        drift_ms=_DRIFT_MS,
        fields=fields or {},
        message=message,
        done=request.query_params.get("done", ""),
    )
