"""Tickets put aside, and the ticket in progress kept across a crash."""

from __future__ import annotations

from typing import Any

import msgspec

from pos_client.store.connection import Driver
from pos_client.till.ports import ParkedSale
from shared_models.errors import ShopError

_CART = "cart"
_AFTER_CART = "cart/"
_ROW_BYTES = 900
"""More would not fit into a quarter of a page, and take a page of its own."""
_SAVE = "insert or replace into scratch values (?, ?)"
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


def bring_back(connection: Driver, row: tuple[Any, ...] | None) -> None:
    """A ticket of a damaged database, if it could be read."""
    if row is not None:
        connection.execute("insert or replace into parked(sale_id, parked_at_ms, body) values (?, ?, ?)", row)


def forget(connection: Driver, sale_id: str) -> None:
    connection.execute("delete from parked where sale_id = ?", (sale_id,))


def take_out(connection: Driver, sale_id: str) -> ParkedSale:
    row = connection.execute("delete from parked where sale_id = ? returning body", (sale_id,)).fetchone()
    if row is None:
        raise NotParked("This ticket is not parked any more. Look at the list again.", sale_id=sale_id)
    return _decode(row[0])


def parked_sales(connection: Driver, where: str = "true") -> tuple[ParkedSale, ...]:
    rows = connection.execute(
        f"select body, shared from parked where {where} order by parked_at_ms, sale_id"
    ).fetchall()
    return tuple(msgspec.structs.replace(_decode(body), is_shared=bool(shared)) for body, shared in rows)


class SavedCart:
    """The ticket in progress in rows of a kilobyte, of which a scan writes the last.

    A long ticket in one row would fill the write-ahead log within a hundred scans, and the scan that meets the
    full log waits for the disk. The first row empty is no ticket, whatever rows still follow it.
    """

    def __init__(self, connection: Driver) -> None:
        found = connection.execute(
            "select body from scratch where name >= ? and name < ? order by name", (_CART, _AFTER_CART)
        ).fetchall()
        self._rows = [row[0] for row in found]
        self.body = b"".join(self._rows) if self._rows and self._rows[0] else b""

    def save(self, connection: Driver, body: bytes) -> list[bytes]:
        """The rows as they are once this is committed: for `saved`."""
        rows = [body[start : start + _ROW_BYTES] for start in range(0, len(body), _ROW_BYTES)]
        known = self._rows
        for number, row in enumerate(rows):
            if number >= len(known) or known[number] != row:
                connection.execute(_SAVE, (_row_name(number), row))
        if len(known) > len(rows):
            connection.execute(
                "delete from scratch where name >= ? and name < ?", (_row_name(len(rows)), _AFTER_CART)
            )
        return rows

    def saved(self, rows: list[bytes], body: bytes) -> None:
        self._rows, self.body = rows, body

    def clear(self, connection: Driver) -> None:
        """With the fact that ends the ticket, so that no crash brings a paid ticket back to the screen."""
        if self.body:
            connection.execute(_SAVE, (_CART, b""))

    def cleared(self) -> None:
        if self.body:
            self._rows[0], self.body = b"", b""


def _row_name(number: int) -> str:
    return f"{_CART}.{number:06}" if number else _CART
