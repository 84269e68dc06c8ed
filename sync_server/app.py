"""The composition root: builds every service once and puts the areas' routes on one application."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from shared_models.errors import ShopError
from sync_server.accounts import routes as accounts_routes
from sync_server.accounts import service as accounts_service
from sync_server.auth import TokenMint, kept_secret
from sync_server.database import Database
from sync_server.errors import on_http_exception, on_shop_error, on_unexpected
from sync_server.ports import NewId, NowMs, random_id, system_now_ms
from sync_server.settings import Settings

_HEADERS = {
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
) -> Litestar:
    """An application over `database`, else the one that the settings name; its schema is up to date."""
    db = database or Database(settings.url(), key=settings.database_key, pool_size=settings.pool_size)
    tokens = TokenMint(kept_secret(settings.data_dir, settings.secret), now_ms)

    account_service = accounts_service.AccountService(now_ms, new_id, hasher)

    handlers: list[ControllerRouterHandler] = [
        *accounts_routes.routes(db, account_service, tokens, settings),
    ]
    app = Litestar(
        handlers,
        openapi_config=OpenAPIConfig("Evertill", "1", path="/schema"),
        exception_handlers=_exception_handlers(),
        response_headers=[ResponseHeader(name=name, value=value) for name, value in _HEADERS.items()],
        request_max_body_size=settings.max_body_bytes,
        debug=settings.debug,
        logging_config=None,
        on_shutdown=[] if database else [db.close],
    )
    app.state.tokens = tokens
    app.state.database = db
    app.state.accounts = account_service
    return app


def _exception_handlers() -> dict[Any, Any]:
    return {ShopError: on_shop_error, HTTPException: on_http_exception, Exception: on_unexpected}
