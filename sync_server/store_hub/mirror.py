"""The hub's copy of what it must know of its store: the store itself, its tills, and who may log in as them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert, select, update

from shared_models.hub_api import HubHelloReply, StoreDevice
from shared_models.store_config import StoreConfig
from sync_server.ports import NowMs
from sync_server.stores.tables import store, till
from sync_server.tills.tables import device


def take_in(tx: Connection, heard: HubHelloReply, now_ms: NowMs) -> None:
    """What the central server says holds; nothing is taken away, for what a till sealed stays its own."""
    config = msgspec.json.decode(heard.store, type=StoreConfig)
    row = {"name": config.name, "currency": config.currency, "config": heard.store}
    _put(tx, store, {"store_id": config.store_id}, row | {"changed_at_ms": now_ms()})
    for place in heard.tills:
        _put(tx, till, {"till_id": place.till_id}, {"store_id": config.store_id, "name": place.name})
    for machine in heard.devices:
        _put_device(tx, machine, now_ms())


def is_known(tx: Connection, device_id: str) -> bool:
    return tx.scalar(select(device.c.state).where(device.c.device_id == device_id)) is not None


def _put_device(tx: Connection, machine: StoreDevice, now_ms: int) -> None:
    said = {"till_id": machine.till_id, "public_key": machine.public_key, "state": machine.state}
    first = {
        "enrolled_at_ms": now_ms,
        "last_seen_ms": now_ms,
        "app": "",
        "protocol": 0,
        "unsent": 0,
        "free_mb": 0,
        "clock_offset_ms": 0,
    }
    _put(tx, device, {"device_id": machine.device_id}, said, first)


def _put(
    tx: Connection,
    table: Table,
    key: dict[str, Any],
    said: dict[str, Any],
    first: dict[str, Any] | None = None,
) -> None:
    """`first` are the values of a row that was not there yet."""
    ((name, value),) = key.items()
    where = table.c[name] == value
    if tx.execute(select(table.c[name]).where(where)).first() is None:
        tx.execute(insert(table).values(key | said | (first or {})))
    else:
        tx.execute(update(table).where(where).values(said))
