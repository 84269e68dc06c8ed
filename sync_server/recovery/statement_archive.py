"""Closings and daily roots in an archive, as the texts that were signed."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from shared_models.archive import CLOSINGS, ROOTS, statement_line
from shared_models.closing import Head, Sealed
from sync_server.evidence.tables import closing, daily_root, server_key
from sync_server.recovery.archive_places import Place

Ends = dict[str, tuple[int, str]]
"""The last number of each chain, and its hash in hex."""


def write_statements(tx: Connection, place: Place, store_id: str = "", till_id: str = "") -> Ends:
    """Of a store or a till only its own closings; daily roots are over everything, and belong to a whole archive."""
    ends = _write_closings(tx, place, store_id, till_id)
    if store_id or till_id:
        return ends
    ends["roots"] = (0, "")
    with place.file(ROOTS) as file:
        for row in tx.execute(select(daily_root).order_by(daily_root.c.number)):
            heads = {"journals": _rows(row.journals), "closings": _rows(row.closings)}
            file.write(statement_line(_seal(row), **heads))
            ends["roots"] = (row.number, bytes(row.hash).hex())
    return ends


def server_keys(tx: Connection) -> list[bytes]:
    """All that the statements were ever signed with."""
    return [bytes(key) for key in tx.scalars(select(server_key.c.public_key))]


def _write_closings(tx: Connection, place: Place, store_id: str, till_id: str) -> Ends:
    query = select(closing).order_by(closing.c.chain, closing.c.number).execution_options(yield_per=500)
    if store_id:
        query = query.where(closing.c.store_id == store_id)
    if till_id:
        query = query.where(closing.c.till_id == till_id)
    ends: Ends = {}
    with place.file(CLOSINGS) as file:
        for row in tx.execute(query):
            file.write(statement_line(_seal(row)))
            ends[row.chain] = (row.number, bytes(row.hash).hex())
    return dict(sorted(ends.items()))


def _seal(row: Row[Any]) -> Sealed:
    return Sealed(bytes(row.body), bytes(row.hash), bytes(row.signature))


def _rows(heads: bytes) -> list[tuple[str, int, str]]:
    return [(one.name, one.number, one.hash) for one in msgspec.json.decode(heads, type=list[Head])]
