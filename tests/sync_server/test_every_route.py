"""No route is open by accident."""

from __future__ import annotations

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from shared_models.signing import new_private_key, signer
from sync_server.database import Database
from sync_server.hub_app import create_hub_app
from sync_server.settings import Settings
from sync_server.store_hub.identity import HubPlace

OPEN = {
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/sync/enrol",
    "/sync/challenge",
    "/sync/token",
    "/sync/hub/enrol",
    "/sync/hub/token",
    "/health",
    "/ready",
}
CONSOLE_OPEN = ("/login", "/static")


def test_every_route_says_what_it_asks_for(app: Litestar) -> None:
    for path, handler in _handlers(app):
        asked = [guard.asks_for for guard in handler.guards if hasattr(guard, "asks_for")]
        assert asked, f"{path} carries neither a permission nor the mark `public`"


def test_only_known_routes_are_open_to_anyone(app: Litestar) -> None:
    for path, handler in _handlers(app):
        if any(getattr(guard, "asks_for", "") == "nothing" for guard in handler.guards):
            assert path in OPEN or path.startswith(CONSOLE_OPEN), f"{path} is open to anyone"


def test_a_hub_too_says_of_every_route_what_it_asks_for(
    settings: Settings, sqlite_database: Database
) -> None:
    place = HubPlace("hub-0001", "http://127.0.0.1:1", "03", "Corner")
    app = create_hub_app(settings, place, signer(new_private_key()), database=sqlite_database)
    for path, handler in _handlers(app, at_least=10):
        asked = {guard.asks_for for guard in handler.guards if hasattr(guard, "asks_for")}
        assert asked, f"{path} carries neither a permission nor the mark `public`"
        assert asked == {"till"} or path in OPEN | {"/hub"}, f"{path} is open to anyone"


def _handlers(app: Litestar, at_least: int = 20) -> list[tuple[str, HTTPRouteHandler]]:
    """All but the API's own description."""
    found = []
    for route in app.routes:
        if route.path.startswith("/schema"):
            continue
        assert isinstance(route, HTTPRoute), f"{route.path} is of a kind that this test does not know"
        for handler in route.route_handlers:
            if handler.http_methods != {"OPTIONS"}:
                found.append((route.path, handler))
    assert len(found) >= at_least
    return found
