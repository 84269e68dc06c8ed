"""The console's routes: a frame around the pages of each part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Response, Router
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from shared_models.errors import ShopError
from sync_server.console import (
    catalogue_routes,
    closing_routes,
    exception_routes,
    import_routes,
    label_routes,
    login_routes,
    paper_routes,
    receipt_routes,
    refund_routes,
    shift_routes,
    staff_routes,
    static_routes,
    stock_routes,
    takings_routes,
    till_routes,
)
from sync_server.console.problem_page import missing_page as missing_page_of
from sync_server.console.problem_page import problem_page
from sync_server.console.view import AnyRequest, ConsoleView
from sync_server.ports import NowMs
from sync_server.services import Services
from sync_server.settings import Settings


def routes(services: Services, settings: Settings, now_ms: NowMs) -> list[ControllerRouterHandler]:
    view = ConsoleView(services, now_ms)
    pages = [
        *login_routes.routes(view, settings),
        *takings_routes.routes(view),
        *receipt_routes.routes(view),
        *refund_routes.routes(view),
        *shift_routes.routes(view),
        *closing_routes.routes(view),
        *stock_routes.routes(view),
        *catalogue_routes.routes(view),
        *label_routes.routes(view),
        *import_routes.routes(view),
        *exception_routes.routes(view),
        *staff_routes.routes(view),
        *till_routes.routes(view),
        *paper_routes.routes(view),
    ]
    handlers: dict[Any, Any] = {ShopError: problem_page(view)}
    return [
        Router("/", route_handlers=pages, exception_handlers=handlers, include_in_schema=False),
        *static_routes.routes(),
    ]


def missing_page(services: Services, now_ms: NowMs) -> Callable[[AnyRequest, HTTPException], Response[Any]]:
    """The answer to an address that belongs to no route."""
    return missing_page_of(ConsoleView(services, now_ms))
