"""Stores, their settings, and the places in them where a till stands."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, select, update

from shared_models.logo import BadLogo, refuse_bad_logo
from shared_models.store_config import StoreConfig
from sync_server.errors import Conflict, Invalid, NotFound
from sync_server.ports import NowMs, Publisher
from sync_server.reference_lock import hold_reference
from sync_server.stores import tables

_MAX_NAME = 120
_STORE_ID = re.compile(r"[A-Za-z0-9]{1,12}")
_TILL_ID = re.compile(r"[A-Za-z0-9]{1,12}-[A-Za-z0-9]{1,6}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Till(msgspec.Struct, frozen=True):
    """A place where a till stands; which machine that is, enrolment says."""

    till_id: str
    store_id: str
    name: str
    store_name: str


class StoreService:
    def __init__(self, publisher: Publisher, now_ms: NowMs) -> None:
        self._publisher = publisher
        self._now_ms = now_ms
        self._opened: list[Callable[[Connection, str], None]] = []

    def when_opened(self, send: Callable[[Connection, str], None]) -> None:
        """`send` publishes to a new store what all stores have."""
        self._opened.append(send)

    def create(self, tx: Connection, config: StoreConfig) -> StoreConfig:
        if not _STORE_ID.fullmatch(config.store_id):
            raise Invalid("A store's id is 1 to 12 letters and digits, such as 03.", store_id=config.store_id)
        hold_reference(tx)
        if self._exists(tx, config.store_id):
            raise Conflict(f"There is a store {config.store_id} already.", store_id=config.store_id)
        row = _row(config, self._now_ms()) | {"store_id": config.store_id}
        tx.execute(insert(tables.store).values(row))
        self._publisher.publish(tx, f"config/{config.store_id}", config)
        for send in self._opened:
            send(tx, config.store_id)
        return config

    def change(self, tx: Connection, config: StoreConfig) -> StoreConfig:
        """The currency stays: amounts already recorded are in it."""
        before = self.store(tx, config.store_id)
        if before.currency != config.currency:
            raise Conflict("A store's currency can't be changed. Open a new store.")
        by_id = tables.store.c.store_id == config.store_id
        tx.execute(update(tables.store).where(by_id).values(_row(config, self._now_ms())))
        self._publisher.publish(tx, f"config/{config.store_id}", config)
        return config

    def store(self, tx: Connection, store_id: str) -> StoreConfig:
        body = tx.scalar(select(tables.store.c.config).where(tables.store.c.store_id == store_id))
        if body is None:
            raise NotFound(f"There is no store {store_id}.", store_id=store_id)
        return msgspec.json.decode(body, type=StoreConfig)

    def stores(self, tx: Connection, after: str | None, limit: int) -> list[StoreConfig]:
        query = select(tables.store.c.config).order_by(tables.store.c.store_id).limit(limit)
        if after is not None:
            query = query.where(tables.store.c.store_id > after)
        return [msgspec.json.decode(body, type=StoreConfig) for body in tx.scalars(query)]

    def store_ids(self, tx: Connection) -> list[str]:
        return list(tx.scalars(select(tables.store.c.store_id).order_by(tables.store.c.store_id)))

    def add_till(self, tx: Connection, till_id: str, store_id: str, name: str) -> Till:
        """The id begins with the store's and goes onto every receipt: 03-2."""
        place = self.store(tx, store_id)
        if not _TILL_ID.fullmatch(till_id) or not till_id.startswith(f"{store_id}-"):
            raise Invalid(f"A till's id is the store's and its own, such as {store_id}-1.", till_id=till_id)
        if tx.scalar(select(tables.till.c.till_id).where(tables.till.c.till_id == till_id)):
            raise Conflict(f"There is a till {till_id} already.", till_id=till_id)
        _check_name(name or till_id)
        tx.execute(insert(tables.till).values(till_id=till_id, store_id=store_id, name=name or till_id))
        return Till(till_id, store_id, name or till_id, place.name)

    def till(self, tx: Connection, till_id: str) -> Till:
        rows = self._tills(tx, tables.till.c.till_id == till_id, 1)
        if not rows:
            raise NotFound(f"There is no till {till_id}.", till_id=till_id)
        return rows[0]

    def tills(self, tx: Connection, store_id: str | None, after: str | None, limit: int) -> list[Till]:
        where = tables.till.c.till_id > (after or "")
        if store_id is not None:
            where = where & (tables.till.c.store_id == store_id)
        return self._tills(tx, where, limit)

    def _tills(self, tx: Connection, where: object, limit: int) -> list[Till]:
        query = (
            select(tables.till.c.till_id, tables.till.c.store_id, tables.till.c.name, tables.store.c.name)
            .join(tables.store)
            .where(where)  # type: ignore[arg-type]
            .order_by(tables.till.c.till_id)
            .limit(limit)
        )
        return [Till(*row) for row in tx.execute(query)]

    def _exists(self, tx: Connection, store_id: str) -> bool:
        return (
            tx.scalar(select(tables.store.c.store_id).where(tables.store.c.store_id == store_id)) is not None
        )


def _row(config: StoreConfig, now_ms: int) -> dict[str, object]:
    if not _CURRENCY.fullmatch(config.currency):
        raise Invalid("A currency is three letters (ISO 4217), such as EUR.", currency=config.currency)
    _check_name(config.name)
    try:
        refuse_bad_logo(config.logo_png)
    except BadLogo as bad:
        raise Invalid(bad.message, field="logo_png") from bad
    return {
        "name": config.name,
        "currency": config.currency,
        "config": msgspec.json.encode(config),
        "changed_at_ms": now_ms,
    }


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME:
        raise Invalid(f"A name has 1 to {_MAX_NAME} characters.")
