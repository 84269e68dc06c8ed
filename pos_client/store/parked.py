"""Tickets put aside, and the ticket in progress kept across a crash."""

from __future__ import annotations

import msgspec

from pos_client.store.connection import Driver
from pos_client.till.ports import ParkedSale
from shared_models.errors import ShopError

_CART = "cart"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ParkedSale).decode


class NotParked(ShopError):
    """The ticket was recalled already, or never put aside here."""

    code = "not_parked"


def put_aside(connection: Driver, parked: ParkedSale) -> None:
    connection.execute(
        "insert into parked(sale_id, parked_at_ms, body) values (?, ?, ?)",
        (parked.sale_id, parked.parked_at.at_ms, _encode(parked)),
    )


def take_out(connection: Driver, sale_id: str) -> ParkedSale:
    row = connection.execute("delete from parked where sale_id = ? returning body", (sale_id,)).fetchone()
    if row is None:
        raise NotParked("This ticket is not parked any more. Look at the list again.", sale_id=sale_id)
    return _decode(row[0])


def parked_sales(connection: Driver) -> tuple[ParkedSale, ...]:
    rows = connection.execute("select body from parked order by parked_at_ms, sale_id").fetchall()
    return tuple(_decode(row[0]) for row in rows)


def save_cart(connection: Driver, body: bytes) -> None:
    connection.execute("insert or replace into scratch values (?, ?)", (_CART, body))


def saved_cart(connection: Driver) -> bytes:
    row = connection.execute("select body from scratch where name = ?", (_CART,)).fetchone()
    return b"" if row is None else row[0]
