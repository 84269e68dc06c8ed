"""Stores and tills over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post, put
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.store_config import StoreConfig
from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.errors import Invalid, read_json
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope
from sync_server.stores.service import StoreService, Till

AnyRequest = Request[Any, Any, Any]
_READ = [permission("stores.read")]
_WRITE = [permission("stores.write")]


class NewTill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    till_id: str
    name: str = ""


def routes(db: Database, service: StoreService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/stores",
        guards=_READ,
        sync_to_thread=True,
        summary="Stores by id",
    )
    def stores(
        request: AnyRequest, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
    ) -> Page[StoreConfig]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        own = store_in_scope(actor_of(request), None)
        with db.read() as tx:
            if own is not None:
                return Page([service.store(tx, own)])
            rows = service.stores(tx, after[0] if after else None, size + 1)
        return page_of(rows, size, lambda row: (row.store_id,))

    @post(
        "/api/v1/stores",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Open a store",
    )
    def create(body: RawBody) -> StoreConfig:
        config = read_json(body, StoreConfig)
        with db.write() as tx:
            return service.create(tx, config)

    @get(
        "/api/v1/stores/{store_id:str}",
        guards=_READ,
        sync_to_thread=True,
        summary="One store's configuration",
    )
    def store(request: AnyRequest, store_id: FromPath[str]) -> StoreConfig:
        store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            return service.store(tx, store_id)

    @put(
        "/api/v1/stores/{store_id:str}",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Change a store's configuration; it goes to its tills",
    )
    def change(request: AnyRequest, store_id: FromPath[str], body: RawBody) -> StoreConfig:
        store_in_scope(actor_of(request), store_id)
        config = read_json(body, StoreConfig)
        if config.store_id != store_id:
            raise Invalid("The store in the address and the one in the body differ.")
        with db.write() as tx:
            return service.change(tx, config)

    @get(
        "/api/v1/stores/{store_id:str}/tills",
        guards=_READ,
        sync_to_thread=True,
        summary="A store's tills",
    )
    def tills(
        request: AnyRequest,
        store_id: FromPath[str],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[Till]:
        store_in_scope(actor_of(request), store_id)
        size, after = checked_limit(limit), read_cursor(cursor, str)
        with db.read() as tx:
            rows = service.tills(tx, store_id, after[0] if after else None, size + 1)
        return page_of(rows, size, lambda row: (row.till_id,))

    @post(
        "/api/v1/stores/{store_id:str}/tills",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Make a place for a till",
    )
    def add_till(request: AnyRequest, store_id: FromPath[str], body: RawBody) -> Till:
        store_in_scope(actor_of(request), store_id)
        asked = read_json(body, NewTill)
        with db.write() as tx:
            return service.add_till(tx, asked.till_id, store_id, asked.name)

    handlers: list[Any] = [stores, create, store, change, tills, add_till]
    return handlers
