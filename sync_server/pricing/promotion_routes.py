"""Promotions over HTTP."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.pricing.promotions import KeptPromotion, NewPromotion, PromotionService

_READ = [permission("prices.read")]
_WRITE = [permission("prices.write")]


def routes(db: Database, service: PromotionService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/promotions",
        guards=_READ,
        sync_to_thread=True,
        summary="All promotions by name, those to come and those that have ended too",
    )
    def promotions(
        cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
    ) -> Page[KeptPromotion]:
        size, after = checked_limit(limit), read_cursor(cursor, str, str)
        with db.read() as tx:
            rows = service.promotions(tx, after, size + 1)
        return page_of(rows, size, lambda row: (row.promotion.name, row.promotion.promotion_id))

    @get("/api/v1/promotions/{promotion_id:str}", guards=_READ, sync_to_thread=True, summary="One promotion")
    def promotion(promotion_id: FromPath[str]) -> KeptPromotion:
        with db.read() as tx:
            return service.promotion(tx, promotion_id)

    @post(
        "/api/v1/promotions",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Make a promotion, or change the one whose id is given; it goes to the tills at once",
    )
    def save(request: Request[Any, Any, Any], body: RawBody) -> KeptPromotion:
        """For example {"name": "3 for 2", "rule": {"kind": "buy_get", "buy": 2, "get": 1}}."""
        asked = read_json(body, NewPromotion)
        with db.write() as tx:
            return service.save(tx, asked, actor_of(request).name)

    @delete(
        "/api/v1/promotions/{promotion_id:str}",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Take a promotion back; tills stop giving it",
    )
    def remove(promotion_id: FromPath[str]) -> None:
        with db.write() as tx:
            service.remove(tx, promotion_id)

    handlers: list[Any] = [promotions, promotion, save, remove]
    return handlers
