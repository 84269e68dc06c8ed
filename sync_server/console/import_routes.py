"""Product files: first a check that changes nothing, then the import, each with its report of bad rows."""

from __future__ import annotations

import io
from typing import Any

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import RawBody

from shared_models.errors import ShopError
from shared_models.money import currency
from sync_server.auth import actor_of, permission
from sync_server.catalogue.csv_import import ImportReport
from sync_server.catalogue.service import DEFAULT_TAX_CATEGORY
from sync_server.console.view import AnyRequest, ConsoleView, read_form, read_upload
from sync_server.errors import Invalid

_WRITE = [permission("catalogue.write")]
_SHOWN = 200


def routes(view: ConsoleView) -> list[Any]:
    files = view.services.checked_files

    @get("/import", guards=_WRITE, sync_to_thread=True)
    def form(request: AnyRequest) -> Response[str]:
        return _page(view, request)

    @post("/import", guards=_WRITE)
    async def check(request: AnyRequest) -> Response[str]:
        sent = await read_upload(request)
        code = sent.fields.get("currency", "")
        return await sync_to_thread(_check, view, request, sent.content, sent.name, code)

    @post("/import/run", guards=_WRITE, sync_to_thread=True)
    def run(request: AnyRequest, body: RawBody) -> Response[str]:
        fields, account_id = read_form(request, body), actor_of(request).account_id
        file_id, name = fields.get("file_id", ""), fields.get("name", "")
        try:
            content = files.read(account_id, file_id)
            report = _run(view, request, content, fields.get("currency", ""), dry_run=False)
        except ShopError as reason:
            return _page(view, request, message=reason.message, status=400)
        files.forget(account_id, file_id)
        return _page(view, request, report=report, name=name)

    return [form, check, run]


def _check(view: ConsoleView, request: AnyRequest, content: bytes, name: str, code: str) -> Response[str]:
    try:
        if not content:
            raise Invalid("Choose a file that holds something.")
        report = _run(view, request, content, code, dry_run=True)
    except ShopError as reason:
        return _page(view, request, message=reason.message, status=400)
    file_id = view.services.checked_files.keep(actor_of(request).account_id, content)
    return _page(view, request, report=report, name=name, file_id=file_id, code=code)


def _run(view: ConsoleView, request: AnyRequest, content: bytes, code: str, *, dry_run: bool) -> ImportReport:
    money = currency(code or "EUR")
    with view.services.db.write() as tx:
        return view.services.catalogue_import.run(
            tx, io.BytesIO(content), money, dry_run=dry_run, changed_by=actor_of(request).name
        )


def _page(
    view: ConsoleView,
    request: AnyRequest,
    *,
    report: ImportReport | None = None,
    name: str = "",
    file_id: str = "",
    code: str = "",
    message: str = "",
    status: int = 200,
) -> Response[str]:
    with view.services.db.read() as tx:
        stores = view.services.stores.stores(tx, None, 500)
        taxes = sorted(view.services.pricing.tax_category_ids(tx) | {DEFAULT_TAX_CATEGORY})
    return view.page(
        request,
        "import.html",
        status,
        report=report,
        shown=_SHOWN,
        taxes=taxes,
        name=name[:120],
        file_id=file_id,
        code=code,
        currencies=sorted({one.currency for one in stores}) or ["EUR"],
        message=message,
    )
