"""The console's routes: a frame around the pages of each part."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.types import ControllerRouterHandler

from shared_models.errors import ShopError
from sync_server.console import (
    catalogue_routes,
    exception_routes,
    login_routes,
    receipt_routes,
    shift_routes,
    static_routes,
    stock_routes,
    takings_routes,
    till_routes,
)
from sync_server.console.problem_page import problem_page
from sync_server.console.view import ConsoleView
from sync_server.ports import NowMs
from sync_server.services import Services
from sync_server.settings import Settings


def routes(services: Services, settings: Settings, now_ms: NowMs) -> list[ControllerRouterHandler]:
    view = ConsoleView(services, now_ms)
    pages = [
        *login_routes.routes(view, settings),
        *takings_routes.routes(view),
        *receipt_routes.routes(view),
        *shift_routes.routes(view),
        *stock_routes.routes(view),
        *catalogue_routes.routes(view),
        *exception_routes.routes(view),
        *till_routes.routes(view),
    ]
    handlers: dict[Any, Any] = {ShopError: problem_page(view)}
    return [
        Router("/", route_handlers=pages, exception_handlers=handlers, include_in_schema=False),
        *static_routes.routes(),
    ]
