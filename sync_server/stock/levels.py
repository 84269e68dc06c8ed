"""Adding to stock levels in one statement, in an order in which two writers never wait for each other."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

Place = tuple[str, str]
"""(location_id, product_id)"""

_MERGE = """
on conflict (location_id, product_id) do update set
    on_hand_milli = stock_level.on_hand_milli + excluded.on_hand_milli,
    counted = (stock_level.counted or excluded.counted)
"""
_COLUMNS = "insert into stock_level (location_id, product_id, on_hand_milli, counted)"
_SQLITE = f"{_COLUMNS} values (?, ?, ?, ?) {_MERGE}"
_POSTGRESQL = f"{_COLUMNS} select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::bool[]) {_MERGE}"


def add_to_levels(tx: Connection, changes: Mapping[Place, tuple[int, bool]]) -> None:
    """`changes` are (quantity_milli, counted) by place; a place without a level begins at nothing."""
    if not changes:
        return
    rows = [(*place, *changes[place]) for place in sorted(changes)]
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_POSTGRESQL, tuple([list(column) for column in zip(*rows, strict=True)]))
    else:
        tx.exec_driver_sql(_SQLITE, rows)
