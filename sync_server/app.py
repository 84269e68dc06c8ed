"""The composition root: the services behind their routes, as one application."""

from __future__ import annotations

import logging
from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar, Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler, Message, Scope
from sqlalchemy.exc import DataError, DBAPIError

from shared_models.errors import ShopError
from shared_models.protocol import PROTOCOL, PROTOCOL_HEADER
from sync_server import health
from sync_server.accounts import routes as accounts
from sync_server.api_description import Description
from sync_server.cash import routes as cash
from sync_server.catalogue import routes as catalogue
from sync_server.closings import routes as closings
from sync_server.console import routes as console
from sync_server.database import Database, is_passing
from sync_server.errors import on_data_error, on_shop_error, on_unexpected, problem
from sync_server.evidence import routes as evidence
from sync_server.exceptions import routes as exceptions
from sync_server.feed import routes as feed
from sync_server.handed_in import routes as handed_in
from sync_server.hubs import routes as hubs
from sync_server.ingest import routes as ingest
from sync_server.labels import routes as labels
from sync_server.leases import routes as leases
from sync_server.nul_characters import refuse_nul
from sync_server.ports import NewId, NowMs, random_id, system_now_ms
from sync_server.pricing import promotion_routes
from sync_server.pricing import routes as pricing
from sync_server.recovery.anchor import AnchorFile
from sync_server.reports import routes as reports
from sync_server.sales import routes as sales
from sync_server.schedule import server_schedule
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.staff import routes as staff
from sync_server.stock import routes as stock
from sync_server.stores import routes as stores
from sync_server.tills import routes as tills

_log = logging.getLogger(__name__)
_HEADERS = {
    PROTOCOL_HEADER: str(PROTOCOL),
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    now_ms: NowMs = system_now_ms,
    new_id: NewId = random_id,
    hasher: PasswordHasher | None = None,
    anchor: AnchorFile | None = None,
) -> Litestar:
    """An application over `database`, else the one that the settings name; its schema is up to date."""
    db = database or Database(settings.url(), key=settings.database_key, pool_size=settings.pool_size)
    services = build_services(settings, db, now_ms, new_id, hasher, anchor)
    schedule = server_schedule(services)
    background = settings.apply_in_background
    app = Litestar(
        _routes(services, settings, now_ms),
        openapi_config=OpenAPIConfig("Evertill", "1", path="/schema", render_plugins=[Description()]),
        exception_handlers=EXCEPTION_HANDLERS | {HTTPException: console.missing_page(services, now_ms)},
        before_request=refuse_nul,
        before_send=[protect],
        request_max_body_size=settings.max_body_bytes,
        debug=settings.debug,
        logging_config=None,
        on_startup=[
            services.recovery.notice,
            lambda: _notice_key(services),
            *([services.write_ahead_log.start, services.worker.start, schedule.start] if background else []),
        ],
        on_shutdown=[
            services.board.close,
            schedule.stop,
            services.worker.stop,
            services.write_ahead_log.stop,
            services.recovery.remember,
            *([] if database else [db.close]),
        ],
    )
    app.state.services = services
    app.state.tokens = services.tokens
    app.state.till_tokens = services.till_tokens
    app.state.is_active = lambda account_id: _is_active(services, account_id)
    return app


def _routes(services: Services, settings: Settings, now_ms: NowMs) -> list[ControllerRouterHandler]:
    db = services.db
    return [
        *health.routes(db, services.background_check.state),
        *accounts.routes(db, services.accounts, services.front_door, services.tokens, settings),
        *stores.routes(db, services.stores),
        *catalogue.routes(db, services.catalogue, services.catalogue_import),
        *pricing.routes(db, services.pricing),
        *promotion_routes.routes(db, services.promotions),
        *labels.routes(db, services.labels),
        *staff.routes(db, services.staff),
        *stock.routes(db, services.stock),
        *sales.routes(db, services.sales),
        *cash.routes(db, services.cash),
        *exceptions.routes(db, services.exceptions),
        *evidence.routes(db, services.evidence, services.write_archive, settings.data_dir / "archives"),
        *closings.routes(db, services.closings, services.statements),
        *reports.routes(db, services.cash),
        *console.routes(services, settings, now_ms),
        *tills.routes(
            db,
            services.tills,
            services.attempts,
            settings,
            services.ingest.verdicts,
            services.feed.verdicts,
            now_ms,
            services.evidence.terms,
        ),
        *feed.routes(
            db,
            services.feed,
            services.snapshots,
            services.board,
            services.check_machine,
            settings.poke_seconds,
        ),
        *ingest.routes(db, services.ingest, services.background_check),
        *hubs.routes(
            db,
            services.hubs,
            services.attempts,
            settings,
            services.ingest.push_brought,
            services.ingest.push_raw,
            services.ingest.hashes,
        ),
        *handed_in.routes(
            db,
            services.handed_in,
            services.tills.public_key,
            lambda tx, till_id: services.stores.till(tx, till_id).store_id,
        ),
        *leases.routes(db, services.leases, services.value, services.sales.called, services.tills.public_key),
    ]


def _notice_key(services: Services) -> None:
    """Said at the start already where the server would sign nothing; every hello looks again."""
    try:
        with services.db.write() as tx:
            services.evidence.notice(tx)
    except DBAPIError as reason:
        _log.info("which key this server signs with can't be seen: %s", reason.orig)


def _is_active(services: Services, account_id: str) -> bool:
    with services.db.read() as tx:
        return services.accounts.is_active(tx, account_id)


async def protect(message: Message, scope: Scope) -> None:
    """On every answer, refusals included: what a browser may do with it."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)


def _on_database_error(request: Request[Any, Any, Any], error: DBAPIError) -> Response[Any]:
    """A database that is away for a moment is no bug of ours.

    One that could not be reached at all says nothing about what was sent; one that broke off over it may.
    """
    if not is_passing(error):
        return on_unexpected(request, error)
    _log.warning("no database for %s %s: %s", request.method, request.url.path, error.orig)
    detail = "The server can't reach its database just now. Try again in a moment."
    patience = {"Retry-After": "3"} if error.statement is None and not error.connection_invalidated else {}
    return problem(503, "Unavailable", detail, "database_unreachable", {}, patience)


EXCEPTION_HANDLERS: dict[Any, Any] = {
    ShopError: on_shop_error,
    DataError: on_data_error,
    DBAPIError: _on_database_error,
    Exception: on_unexpected,
}
